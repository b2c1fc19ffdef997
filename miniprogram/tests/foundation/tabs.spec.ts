import { mount } from '@vue/test-utils'
import { TEXTS, useTabs } from '@/composables/useTabs'
import pages from '@/pages.json'
import { useSettings } from '@/stores/settings'
import { pageHooks } from '../setup'

const sources = import.meta.glob('../../src/pages/*/index.vue', { query: '?raw', import: 'default', eager: true }) as Record<string, string>
const calls = () => vi.mocked(uni.setTabBarItem).mock.calls.map(([asked]) => asked)
const shown = async () => {
  vi.mocked(uni.setTabBarItem).mockClear()
  await pageHooks.onShow()
  return calls().map(({ text }) => text)
}
const ENGLISH = ['Home', 'Shop', 'Redeem', 'Me']

it('knows the texts of pages.json, and every tab sets them', () => {
  expect(TEXTS).toEqual(pages.tabBar.list.map(({ text }) => text))
  expect(pages.tabBar.list.filter(({ pagePath }) => !/^useTabs\(\)$/m.test(sources[`../../src/${pagePath}.vue`]))).toEqual([])
})

it('sets them when a tab is shown, and only where they are not what they should be', async () => {
  mount({ setup: useTabs, template: '<view />' })
  const settings = useSettings()
  expect(await shown()).toEqual([])
  settings.change({ language: 'en' })
  expect(calls()).toEqual([]) // the page where one chooses is no tab: WeChat refuses
  expect(await shown()).toEqual(ENGLISH)
  expect(calls().map(({ index }) => index)).toEqual([0, 1, 2, 3])
  settings.change({ language: 'zh-Hans' })
  expect(await shown()).toEqual(TEXTS)
  expect(await shown()).toEqual([])
})

it('sets them with the next tab where WeChat refused', async () => {
  mount({ setup: useTabs, template: '<view />' })
  const settings = useSettings()
  settings.change({ language: 'en' })
  await shown()
  settings.change({ language: 'zh-Hans' })
  vi.mocked(uni.setTabBarItem).mockImplementation(({ fail }) => fail?.({ errMsg: 'setTabBarItem:fail not TabBar page' }))
  expect(await shown()).toEqual(TEXTS)
  vi.mocked(uni.setTabBarItem).mockReset()
  expect(await shown()).toEqual(TEXTS)
  expect(await shown()).toEqual([])
})
