import { onShow } from '@dcloudio/uni-app'

/** Whenever one comes back to this page: what was done on another shows. */
export function onReturn(again: () => unknown) {
  let isFirst = true
  onShow(() => {
    if (!isFirst) void again()
    isFirst = false
  })
}
