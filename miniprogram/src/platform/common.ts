import { toast } from '@/utils/toast'

export function copy(text: string, told = '已复制'): Promise<void> {
  return new Promise((resolve) =>
    uni.setClipboardData({
      data: text,
      showToast: false,
      success: () => toast(told),
      fail: () => toast('复制失败，请长按选择'),
      complete: () => resolve(),
    }),
  )
}
