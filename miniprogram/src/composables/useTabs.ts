import { onShow } from '@dcloudio/uni-app'
import { t } from '@/locale'
import { useSettings } from '@/stores/settings'

/** As pages.json has them, which no phone reads again. */
export const TEXTS = ['首页', '选购', '提蟹', '我的']
let isChinese = true

/** Tabs in the language of the user: each page that is a tab sets them when it is shown, for others may not. */
export function useTabs() {
  const settings = useSettings()
  onShow(() => {
    if (isChinese && settings.language === 'zh-Hans') return
    isChinese = settings.language === 'zh-Hans'
    // left meanwhile: the next tab that is shown sets them
    TEXTS.forEach((text, index) => uni.setTabBarItem({ index, text: t(text), fail: () => (isChinese = false) }))
  })
}
