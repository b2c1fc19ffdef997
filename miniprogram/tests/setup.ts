import { config } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { vi, beforeEach } from 'vitest'
import { i18n } from '@/locale'

const store = new Map<string, string>()

/** Stands for `uni`: a storage, and functions that tests look at or give answers to (`uni.request`). */
const uni: any = {
  getStorageSync: (key: string) => (store.has(key) ? JSON.parse(store.get(key)!) : ''),
  setStorageSync: (key: string, value: unknown) => store.set(key, JSON.stringify(value)),
  removeStorageSync: (key: string) => store.delete(key),
  getStorageInfoSync: () => ({ keys: [...store.keys()] }),
  getNetworkType: ({ success }: any) => success({ networkType: 'wifi' }),
  onNetworkStatusChange: () => {},
  stopPullDownRefresh: () => {},
}
for (const name of ['request', 'uploadFile', 'downloadFile', 'navigateTo', 'redirectTo', 'reLaunch', 'switchTab', 'navigateBack', 'showToast', 'showModal', 'setNavigationBarTitle', 'setTabBarItem', 'setClipboardData', 'chooseImage', 'previewImage']) {
  uni[name] = vi.fn()
}
;(globalThis as any).uni = uni
;(globalThis as any).getCurrentPages = () => []

// the hooks of pages: kept, so that a test can call them as `pageHooks.onLoad({ … })`
export const pageHooks: Record<string, (...values: any[]) => any> = {}
vi.mock('@dcloudio/uni-app', () =>
  Object.fromEntries(
    ['onLoad', 'onShow', 'onHide', 'onUnload', 'onReady', 'onPullDownRefresh', 'onReachBottom', 'onShareAppMessage', 'onLaunch', 'onError', 'onPageScroll', 'onTabItemTap', 'onBackPress'].map((name) => [
      name,
      (hook: any) => {
        const before = pageHooks[name]
        pageHooks[name] = async (...values) => {
          await before?.(...values)
          return hook(...values)
        }
      },
    ]),
  ),
)

config.global.components = Object.fromEntries(
  Object.entries(import.meta.glob('../src/components/*.vue', { eager: true })).map(([path, found]) => [
    /([\w-]+)\.vue$/.exec(path)![1],
    (found as any).default,
  ]),
)

beforeEach(() => {
  store.clear()
  Object.keys(pageHooks).forEach((name) => delete pageHooks[name])
  const pinia = createPinia()
  setActivePinia(pinia)
  config.global.plugins = [pinia, i18n]
  vi.clearAllMocks()
})
