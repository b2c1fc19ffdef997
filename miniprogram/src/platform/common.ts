import { api, type ApiError } from '@/api/client'
import { t } from '@/locale'
import { confirm } from '@/utils/dialog'
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

/** Where nobody is to be chatted with one calls. */
export async function callShop() {
  try {
    const { phone } = await api.get('/site/about')
    if (!phone) toast(t('客服暂未开通'))
    else if (await confirm({ title: t('客服电话'), message: phone, ok: t('拨打') })) uni.makePhoneCall({ phoneNumber: phone })
  } catch (refusal) {
    toast((refusal as ApiError).detail)
  }
}
