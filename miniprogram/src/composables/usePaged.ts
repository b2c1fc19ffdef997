import { onLoad, onPullDownRefresh, onReachBottom } from '@dcloudio/uni-app'
import { ref, shallowRef, watch } from 'vue'
import type { ApiError } from '@/api/client'
import { useOnline } from './useOnline'
import { asApiError } from './usePage'

interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

/**
 * A list that grows as one scrolls; late answers of before are dropped. `reload` begins anew: under another filter
 * nothing of before stands. `refresh` looks again at what is there, at as many rows, so that one's place is kept.
 */
export function usePaged<T>(fetch: (cursor: string | null) => Promise<Page<T>>, options: { manual?: boolean } = {}) {
  const items = shallowRef<T[]>([])
  const error = ref<ApiError | null>(null)
  const loading = ref(!options.manual)
  const done = ref(false)
  let cursor: string | null = null
  let turn = 0
  let isStale = true // what is there is to be looked at again

  async function step(mine: number) {
    loading.value = true
    error.value = null
    const isAnew = isStale
    const found: T[] = []
    let next = isAnew ? null : cursor
    try {
      do {
        const page = await fetch(next)
        if (mine !== turn) return
        found.push(...page.items)
        next = page.next_cursor ?? null
      } while (isAnew && next && found.length < items.value.length)
      items.value = isAnew ? found : [...items.value, ...found]
      cursor = next
      done.value = !next
      isStale = false
    } catch (caught) {
      if (mine === turn) error.value = asApiError(caught)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  function refresh() {
    isStale = true
    done.value = false
    return step(++turn)
  }
  function reload() {
    items.value = []
    return refresh()
  }
  const more = () => (loading.value || done.value ? Promise.resolve() : step(turn))

  if (!options.manual) onLoad(reload)
  // what could not be loaded comes when the network does
  watch(useOnline(), (online) => online && error.value?.isNetwork && more())
  onReachBottom(more)
  onPullDownRefresh(async () => {
    await refresh()
    uni.stopPullDownRefresh()
  })
  const list = { items, error, loading, done, more }
  return { ...list, list, reload, refresh }
}
