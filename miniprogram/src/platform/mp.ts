import { api, ApiError } from '@/api/client'
import { toast } from '@/utils/toast'
import { chooseImages, copy } from './common'
import type { Platform } from './types'

declare const wx: any

let templates: Promise<Record<string, string>> | null = null

async function templateIds(events: string[]) {
  templates ??= api
    .get('/wechat/subscribe-messages')
    .then(({ items }) => Object.fromEntries(items.map((item) => [item.event, item.template_id])))
    .catch(() => {
      templates = null
      return {}
    })
  const known = await templates
  return [...new Set(events.map((event) => known[event]).filter(Boolean))].slice(0, 3) // WeChat takes three at once
}

export const mp: Platform = {
  isWechat: true,
  tradeType: 'jsapi',
  login: () =>
    new Promise((resolve, reject) => uni.login({ success: ({ code }) => resolve(code), fail: () => reject(new ApiError(-1, 'wechat', '微信登录失败，请重试')) })),
  getPhone: (event) => event?.detail?.code || event?.code || null,
  pay: ({ parameters }) =>
    new Promise((resolve, reject) =>
      uni.requestPayment({
        ...(parameters as any),
        success: () => resolve('paid'),
        fail: ({ errMsg }: any) => (/cancel/.test(errMsg) ? resolve('cancelled') : reject(new ApiError(-1, 'wechat', '支付没有完成，请重试'))),
      }),
    ),
  async share() {
    toast('请点右上角“…”转发给朋友')
  },
  async subscribe(events) {
    const ids = await templateIds(events)
    if (ids.length) await new Promise<void>((resolve) => wx.requestSubscribeMessage({ tmplIds: ids, complete: () => resolve() }))
  },
  scan: () =>
    new Promise((resolve) => uni.scanCode({ success: ({ result }) => resolve(result), fail: () => resolve(null) })),
  saveImage: (src) =>
    new Promise((resolve) => {
      const save = (filePath: string) =>
        uni.saveImageToPhotosAlbum({
          filePath,
          success: () => {
            toast('已保存到相册')
            resolve(true)
          },
          fail: () => {
            toast('未保存，请允许访问相册')
            resolve(false)
          },
        })
      if (!/^https?:/.test(src)) return save(src)
      uni.downloadFile({ url: src, success: ({ tempFilePath }) => save(tempFilePath), fail: () => resolve(false) })
    }),
  async contactService() {
    const { corp_id, url } = await api.get('/wechat/customer-service')
    if (!corp_id || !url) return toast('客服暂未开通，请拨打客服电话')
    wx.openCustomerServiceChat({ extInfo: { url }, corpId: corp_id, fail: () => toast('客服暂时无法打开') })
  },
  chooseAddress: () =>
    new Promise((resolve) =>
      uni.chooseAddress({
        success: (found) =>
          resolve({
            name: found.userName,
            phone: found.telNumber,
            province: found.provinceName,
            city: found.cityName,
            district: found.countyName,
            street: found.detailInfo,
          }),
        fail: () => resolve(null),
      }),
    ),
  copy,
  chooseImages,
  openDocument: (filePath) =>
    new Promise((resolve) =>
      uni.openDocument({ filePath, showMenu: true, fail: () => toast('无法打开该文件'), complete: () => resolve() }),
    ),
}
