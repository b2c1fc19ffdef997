import { chinese, i18n } from '@/locale'
import en from './locale/en'

i18n.global.mergeLocaleMessage('zh-Hans', chinese(en))
i18n.global.mergeLocaleMessage('en', en)

export { t } from '@/locale'
