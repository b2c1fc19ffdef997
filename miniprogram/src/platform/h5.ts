import { api, ApiError } from '@/api/client'
import { t } from '@/locale'
import { toast } from '@/utils/toast'
import { callShop, copy } from './common'
import type { Platform } from './types'

function chooseImages(count: number): Promise<string[]> {
  return new Promise((resolve) =>
    uni.chooseImage({
      count,
      sizeType: ['compressed'],
      success: ({ tempFilePaths }) => resolve(tempFilePaths as string[]),
      fail: () => resolve([]),
    }),
  )
}

function download(src: string, name: string) {
  const link = document.createElement('a')
  link.href = src
  link.download = name
  link.click()
}

/** The QR code of a picture, where the browser can read one. */
async function scanPicture(): Promise<string | null> {
  const Detector = (window as any).BarcodeDetector
  if (!Detector) return null
  const [path] = await chooseImages(1)
  if (!path) return null
  const picture = await createImageBitmap(await (await fetch(path)).blob())
  const found = await new Detector().detect(picture).catch(() => [])
  if (!found.length) toast(t('没有识别到二维码'))
  return found[0]?.rawValue ?? null
}

function ask(title: string): Promise<string | null> {
  return new Promise((resolve) =>
    uni.showModal({
      title,
      editable: true,
      placeholderText: t('请输入卡上的号码'),
      success: ({ confirm, content }) => resolve((confirm && content?.trim()) || null),
      fail: () => resolve(null),
    }),
  )
}

export const h5: Platform = {
  isWechat: false,
  tradeType: 'h5',
  login: () => Promise.reject(new ApiError(-1, 'browser', '请用短信验证码登录')),
  getPhone: () => null,
  async pay({ parameters }, back = location.href) {
    const page = parameters.h5_url ?? parameters.code_url
    if (!page) throw new ApiError(-1, 'browser', '暂不支持在浏览器中支付，请在微信小程序中打开')
    location.href = `${page}${page.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(back)}`
    return 'left'
  },
  async share({ title, link }) {
    if (!navigator.share) return copy(link, t('链接已复制，发给朋友吧'))
    await navigator.share({ title, url: link }).catch(() => undefined)
  },
  noticesFor: async () => [],
  subscribe: async () => false,
  async scan() {
    return 'BarcodeDetector' in window ? scanPicture() : ask(t('请输入号码'))
  },
  async saveImage(src) {
    download(src, 'crab.png')
    return true
  },
  async contactService() {
    const chat = await api.get('/wechat/customer-service').catch(() => null)
    if (chat?.url) location.href = chat.url
    else await callShop()
  },
  chooseAddress: async () => null,
  copy,
  chooseImages,
  async openDocument(file, name) {
    download(file, name)
  },
}
