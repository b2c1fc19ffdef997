import { inPlace } from '@/composables/useSheet'

export { toast } from './toast'

export const TABS = ['/pages/home/index', '/pages/catalogue/index', '/pages/redeem/index', '/pages/mine/index']
const DEEPEST = 10 // pages that WeChat keeps
const TWICE = 400 // two touches within a moment are one

function isTab(url: string) {
  return TABS.includes(url.split('?')[0])
}

let last = { url: '', at: 0 }

export function go(url: string) {
  if (isTab(url)) return tab(url)
  const now = Date.now()
  const isTwice = url === last.url && now - last.at < TWICE
  last = { url, at: now }
  if (isTwice) return
  if (getCurrentPages().length >= DEEPEST) return replace(url)
  uni.navigateTo({ url })
}

export function replace(url: string) {
  if (isTab(url)) return tab(url)
  inPlace(() => uni.redirectTo({ url }))
}

export function tab(url: string) {
  inPlace(() => uni.switchTab({ url: url.split('?')[0] }))
}

/** One page back; home where there is none. */
export function back(otherwise = TABS[0]) {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else replace(otherwise)
}

/** Leave the way here behind. */
export function restart(url: string) {
  inPlace(() => uni.reLaunch({ url }))
}
