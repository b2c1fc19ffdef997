import { onLoad, onPullDownRefresh, onUnload } from '@dcloudio/uni-app'
import { ref, shallowRef, watch } from 'vue'
import { ApiError } from '@/api/client'
import { t } from '@/locale'
import { toast } from '@/utils/toast'
import { useOnline } from './useOnline'

export function asApiError(error: unknown) {
  if (error instanceof ApiError) return error
  console.error(error)
  return new ApiError(-1, 'bug', t('出了点问题，请重试'))
}

/** What a page shows: loaded when it opens and on pulling down; what was there stays while it is loaded anew. */
export function usePage<T>(load: () => Promise<T>) {
  const data = shallowRef<T>()
  const error = ref<ApiError | null>(null)
  const loading = ref(true)
  let turn = 0
  let gone = false

  async function reload() {
    const mine = ++turn
    loading.value = true
    try {
      const found = await load()
      if (mine !== turn) return
      data.value = found
      error.value = null
    } catch (caught) {
      if (mine !== turn) return
      error.value = asApiError(caught)
      if (data.value !== undefined && !gone) toast(error.value.detail)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  onLoad(reload)
  // what could not be loaded comes when the network does
  watch(useOnline(), (online) => online && error.value?.isNetwork && !gone && reload())
  onUnload(() => {
    gone = true
  })
  onPullDownRefresh(async () => {
    await reload()
    uni.stopPullDownRefresh()
  })
  return { data, error, loading, reload }
}
