import { ref } from 'vue'
import type { ApiError } from '@/api/client'
import { toast } from '@/utils/toast'
import { asApiError } from './usePage'

const PREFIX = 'crab.submit.'

function newKey() {
  const part = () => Math.random().toString(36).slice(2, 12)
  return `${Date.now().toString(36)}-${part()}${part()}`
}

/** Whether the answer leaves open if it was, or will be, done: the same must be sent again, with the same key. */
function isOpen(error: ApiError) {
  return error.isNetwork || error.status >= 500 || error.status === 429 || error.code === 'busy' || error.status === 401
}

/**
 * Send something that must happen once.
 *
 * The key lies in the storage under `name` until it was done or refused, so that whoever repeats after a lost answer
 * or a killed app repeats the same. `quiet`: errors are left in `error` instead of being shown as a toast.
 */
export function useSubmit<T, A extends unknown[] = []>(
  action: (key: string, ...args: A) => Promise<T>,
  options: { name: string; onDone?: (result: T) => unknown; quiet?: boolean },
) {
  const busy = ref(false)
  const error = ref<ApiError | null>(null)
  const place = PREFIX + options.name

  async function run(...args: A): Promise<T | undefined> {
    if (busy.value) return
    busy.value = true
    error.value = null
    const key = uni.getStorageSync(place) || newKey()
    uni.setStorageSync(place, key)
    try {
      const result = await action(key, ...args)
      uni.removeStorageSync(place)
      await options.onDone?.(result)
      return result
    } catch (caught) {
      const found = asApiError(caught)
      error.value = found
      if (!isOpen(found)) uni.removeStorageSync(place)
      if (!options.quiet) toast(found.detail)
    } finally {
      busy.value = false
    }
  }
  return { run, busy, error }
}
