import { api, ApiError } from '@/api/client'
import { confirm } from '@/utils/dialog'
import { toast } from '@/utils/toast'
import { callShop, copy } from './common'
import type { Platform } from './types'

declare const wx: any

interface Failure {
  errMsg?: string
}

/** Say what WeChat refused; nothing where the user cancelled. */
function tell({ errMsg = '' }: Failure, words: string) {
  if (!/cancel/.test(errMsg)) toast(/privacy permission/.test(errMsg) ? '需要您同意隐私保护指引才能使用' : words)
}

async function offerAlbumSetting() {
  const asked = { title: '需要相册权限', message: '请在设置中允许添加到相册，然后再保存一次', ok: '去设置' }
  if (await confirm(asked)) uni.openSetting({})
}

function saveToAlbum(filePath: string): Promise<boolean> {
  return new Promise((resolve) =>
    uni.saveImageToPhotosAlbum({
      filePath,
      success: () => {
        toast('已保存到相册')
        resolve(true)
      },
      fail: (failure: Failure) => {
        // deny, denied, authorize no response: by the kind of phone
        if (/fail:? ?auth/.test(failure.errMsg ?? '')) offerAlbumSetting()
        else tell(failure, '没有保存成功，可截屏保存')
        resolve(false)
      },
    }),
  )
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
  async noticesFor(events) {
    const { items } = await api.get('/wechat/subscribe-messages').catch(() => ({ items: [] }))
    const known = events.flatMap((event) => items.find((item) => item.event === event)?.template_id ?? [])
    return [...new Set(known)].slice(0, 3) // WeChat takes three at once
  },
  subscribe: (notices) =>
    new Promise((resolve) =>
      wx.requestSubscribeMessage({
        tmplIds: notices,
        success: (answers: Record<string, string>) => resolve(notices.some((id) => answers[id] === 'accept')),
        fail: ({ errCode }: { errCode?: number }) => {
          toast(errCode === 20004 ? '请先点右上角“…”，在设置里打开订阅消息' : '没有开启通知，请稍后再试')
          resolve(false)
        },
      }),
    ),
  scan: () =>
    new Promise((resolve) =>
      uni.scanCode({
        success: ({ result }) => resolve(result),
        fail: (failure: Failure) => {
          tell(failure, '没有扫到，请手动输入')
          resolve(null)
        },
      }),
    ),
  async saveImage(src) {
    if (!/^https?:/.test(src)) return saveToAlbum(src)
    const file = await new Promise<string>((resolve) =>
      uni.downloadFile({
        url: src,
        success: ({ statusCode, tempFilePath }) => resolve(statusCode === 200 ? tempFilePath : ''),
        fail: () => resolve(''),
      }),
    )
    if (file) return saveToAlbum(file)
    toast('图片没有下载下来，请重试')
    return false
  },
  async contactService() {
    const chat = await api.get('/wechat/customer-service').catch(() => null)
    if (!chat?.corp_id || !chat.url) return callShop()
    wx.openCustomerServiceChat({ extInfo: { url: chat.url }, corpId: chat.corp_id, fail: (failure: Failure) => tell(failure, '客服暂时无法打开') })
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
        fail: (failure: Failure) => {
          tell(failure, '没有取到微信地址，请手动填写')
          resolve(null)
        },
      }),
    ),
  copy,
  chooseImages: (count) =>
    new Promise((resolve) =>
      uni.chooseMedia({
        count,
        mediaType: ['image'],
        sizeType: ['compressed'],
        success: ({ tempFiles }) => resolve(tempFiles.map((file) => file.tempFilePath)),
        fail: (failure: Failure) => {
          tell(failure, '没有取到图片')
          resolve([])
        },
      }),
    ),
  openDocument: (filePath, name) =>
    new Promise((resolve) =>
      uni.openDocument({
        filePath,
        fileType: name.split('.').pop() as any, // the downloaded file may have no ending
        showMenu: true,
        fail: () => toast('无法打开该文件'),
        complete: () => resolve(),
      }),
    ),
}
