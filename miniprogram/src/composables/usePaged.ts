import { onLoad, onPullDownRefresh, onReachBottom } from '@dcloudio/uni-app'
import { ref, shallowRef, watch } from 'vue'
import type { ApiError } from '@/api/client'
import { useOnline } from './useOnline'
import { asApiError } from './usePage'

interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

/** A list that grows as one scrolls. `reload` begins anew (another filter); late answers of before are dropped. */
export function usePaged<T>(fetch: (cursor: string | null) => Promise<Page<T>>, options: { manual?: boolean } = {}) {
  const items = shallowRef<T[]>([])
  const error = ref<ApiError | null>(null)
  const loading = ref(!options.manual)
  const done = ref(false)
  let cursor: string | null = null
  let turn = 0

  async function step(mine: number, fresh: boolean) {
    loading.value = true
    error.value = null
    try {
      const page = await fetch(fresh ? null : cursor)
      if (mine !== turn) return
      items.value = fresh ? page.items : [...items.value, ...page.items]
      cursor = page.next_cursor ?? null
      done.value = !cursor
    } catch (caught) {
      if (mine === turn) error.value = asApiError(caught)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  const reload = () => {
    done.value = false
    return step(++turn, true)
  }
  const more = () => (loading.value || done.value ? Promise.resolve() : step(turn, !items.value.length))

  if (!options.manual) onLoad(reload)
  // what could not be loaded comes when the network does
  watch(useOnline(), (online) => online && error.value?.isNetwork && more())
  onReachBottom(more)
  onPullDownRefresh(async () => {
    await reload()
    uni.stopPullDownRefresh()
  })
  const list = { items, error, loading, done, more }
  return { ...list, list, reload }
}
