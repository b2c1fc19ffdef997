import { ref } from 'vue'

const online = ref(true)
let watching = false

/** Whether there is a network; shared by all pages. */
export function useOnline() {
  if (!watching) {
    watching = true
    // #ifdef H5
    // uni hears of it from navigator.connection, which says nothing when the network is gone
    const look = () => (online.value = navigator.onLine)
    look()
    window.addEventListener('online', look)
    window.addEventListener('offline', look)
    // #endif
    // #ifndef H5
    uni.getNetworkType({ success: ({ networkType }) => (online.value = networkType !== 'none') })
    uni.onNetworkStatusChange(({ isConnected }) => (online.value = isConnected))
    // #endif
  }
  return online
}
