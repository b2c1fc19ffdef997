import { ref } from 'vue'

const online = ref(true)
let watching = false

/** Whether there is a network; shared by all pages. */
export function useOnline() {
  if (!watching) {
    watching = true
    uni.getNetworkType({ success: ({ networkType }) => (online.value = networkType !== 'none') })
    uni.onNetworkStatusChange(({ isConnected }) => (online.value = isConnected))
  }
  return online
}
