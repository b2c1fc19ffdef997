import { ref } from 'vue'
import type { ApiError } from '@/api/client'
import { t } from '@/locale'
import { useSession } from '@/stores/session'
import { alert } from '@/utils/dialog'
import { toast } from '@/utils/toast'
import { asApiError } from './usePage'

const PREFIX = 'crab.submit.'
// as long as an order waits for its payment: whoever sends later means it once more; the server remembers for a week
const KEEP = 30 * 60 * 1000

function newKey() {
  const part = () => Math.random().toString(36).slice(2, 12)
  return `${Date.now().toString(36)}-${part()}${part()}`
}

function keptAt(place: string): string | null {
  const kept = uni.getStorageSync(place)
  return Math.abs(Date.now() - (kept?.at ?? 0)) < KEEP ? kept.key : null
}

function keyFor(place: string) {
  const key = keptAt(place) ?? newKey()
  for (const other of uni.getStorageInfoSync().keys) {
    if (other.startsWith(PREFIX) && !keptAt(other)) uni.removeStorageSync(other)
  }
  uni.setStorageSync(place, { key, at: Date.now() })
  return key
}

/** Whether the answer leaves open if it was, or will be, done: the same must be sent again, with the same key. */
function isOpen(error: ApiError) {
  return error.isNetwork || error.status >= 500 || error.status === 429 || error.code === 'busy' || error.status === 401
}

function topPage() {
  const pages = getCurrentPages()
  return pages[pages.length - 1]
}

interface Options<T> {
  /** What is sent, with the id of what it is about: another card's gift has another key. */
  name: string | (() => string)
  onDone?: (result: T) => unknown
  /** Where to go then; not called where the user went elsewhere meanwhile. */
  next?: (result: T) => unknown
  onFail?: (error: ApiError) => unknown
  /** Where one sees what an attempt with other content did, whose answer was lost. */
  onEarlier?: () => unknown
  /** Errors are left in `error` instead of being shown as a toast. */
  quiet?: boolean
}

/**
 * Send something that must happen once.
 *
 * The key lies in the storage under `name` until it was done or refused, so that whoever repeats after a lost answer
 * or a killed app repeats the same. What is sent may have been changed in between: it is done if the first attempt was
 * not, and if it was, the server knows the key, and the user is told instead of having both.
 */
export function useSubmit<T, A extends unknown[] = []>(action: (key: string, ...args: A) => Promise<T>, options: Options<T>) {
  const busy = ref(false)
  const error = ref<ApiError | null>(null)
  const session = useSession()

  async function run(...args: A): Promise<T | undefined> {
    if (busy.value) return
    busy.value = true
    error.value = null
    const place = PREFIX + (typeof options.name === 'string' ? options.name : options.name())
    const key = keyFor(place)
    const page = topPage()
    const isHere = () => topPage() === page
    try {
      const result = await action(key, ...args)
      uni.removeStorageSync(place)
      await options.onDone?.(result)
      if (options.next) await (isHere() ? options.next(result) : toast(t('刚才的提交已成功')))
      return result
    } catch (caught) {
      const found = asApiError(caught)
      error.value = found
      if (!isOpen(found)) uni.removeStorageSync(place)
      if (found.code === 'conflict') {
        await alert({ message: t('刚才那次已经提交成功，现在的内容没有提交。') })
        if (isHere()) await options.onEarlier?.()
        return
      }
      if (!options.quiet) toast(found.detail)
      await options.onFail?.(found)
      // what was typed waits here
      if (found.status === 401 && isHere()) void session.requireLogin()
    } finally {
      busy.value = false
    }
  }
  return { run, busy, error }
}
