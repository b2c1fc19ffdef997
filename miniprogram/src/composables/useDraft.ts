import { watch } from 'vue'

const PREFIX = 'crab.draft.'

/** Keep what was typed into `form` (reactive) until `clear()`; what was kept is put into it at once. */
export function useDraft<T extends object>(name: string, form: T) {
  const place = PREFIX + name
  const kept = uni.getStorageSync(place)
  if (kept) Object.assign(form, kept)
  const stop = watch(() => JSON.stringify(form), () => uni.setStorageSync(place, JSON.parse(JSON.stringify(form))), { flush: 'sync' })
  return {
    wasKept: Boolean(kept),
    clear() {
      stop()
      uni.removeStorageSync(place)
    },
  }
}

/** Nothing of who was logged in here stays. */
export function forgetDrafts() {
  uni.getStorageInfoSync().keys.filter((key) => key.startsWith(PREFIX)).forEach((key) => uni.removeStorageSync(key))
}
