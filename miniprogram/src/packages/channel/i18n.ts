import { i18n } from '@/locale'
import en from './locale/en'

// keys are the Chinese texts themselves, so that a page can be read
const zh = Object.fromEntries(Object.keys(en).map((text) => [text, text]))
i18n.global.mergeLocaleMessage('zh-Hans', zh)
i18n.global.mergeLocaleMessage('en', en)

export const t = (text: string, values: Record<string, unknown> = {}): string => i18n.global.t(text, values)
