import { beforeEach, describe, expect, it, vi } from 'vitest'
import { mp } from '@/platform/mp'

/** What WeChat answers to a call: it succeeds with this, or fails with `errMsg`. */
type Answer = { ok: object } | { errMsg: string; errCode?: number }
const wechat: any = {}
const asked: Record<string, any> = {}

function answers(name: string, answer: Answer, of: any = uni) {
  of[name] = vi.fn((options: any) => {
    asked[name] = options
    if ('ok' in answer) options.success?.(answer.ok)
    else options.fail?.(answer)
    options.complete?.(answer)
  })
}
const server = (data: unknown, statusCode = 200) =>
  (uni.request as any).mockImplementation((one: any) => setTimeout(() => one.success({ statusCode, data })))
const toasts = () => (uni.showToast as any).mock.calls.map(([one]: any) => one.title)
const cancelled = (name: string) => ({ errMsg: `${name}:fail cancel` })
const refused = (name: string) => ({ errMsg: `${name}:fail privacy permission is not authorized`, errno: 104 })

beforeEach(() => {
  vi.stubGlobal('wx', wechat)
})

describe('login', () => {
  it('gives the code of who uses this phone', async () => {
    answers('login', { ok: { code: 'c1' } })
    expect(await mp.login()).toBe('c1')
  })
  it('says so when WeChat gives none', async () => {
    answers('login', { errMsg: 'login:fail' })
    await expect(mp.login()).rejects.toMatchObject({ detail: '微信登录失败，请重试' })
  })
  it('has a phone number only where the user gave it', () => {
    expect(mp.getPhone({ detail: { code: 'p1', errMsg: 'getPhoneNumber:ok' } })).toBe('p1')
    expect(mp.getPhone({ detail: { errMsg: 'getPhoneNumber:fail user deny' } })).toBeNull()
  })
})

describe('payment', () => {
  const parameters = { timeStamp: '1', nonceStr: 'n', package: 'prepay_id=1', signType: 'RSA', paySign: 's' }
  const pay = () => mp.pay({ parameters } as any)
  it('hands on what the server signed', async () => {
    answers('requestPayment', { ok: {} })
    expect(await pay()).toBe('paid')
    expect(asked.requestPayment).toMatchObject(parameters)
  })
  it.each(['requestPayment:fail cancel', 'requestPayment:fail:cancel'])('%s is no error', async (errMsg) => {
    answers('requestPayment', { errMsg })
    expect(await pay()).toBe('cancelled')
  })
  it('that failed is told', async () => {
    answers('requestPayment', { errMsg: 'requestPayment:fail (detail message)' })
    await expect(pay()).rejects.toMatchObject({ detail: '支付没有完成，请重试' })
  })
})

describe('messages', () => {
  const items = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ event: name, template_id: `T-${name === 'e' ? 'a' : name}` }))
  it('are known before the tap: three at most, each once', async () => {
    server({ items })
    expect(await mp.noticesFor(['x', 'a', 'e', 'b', 'c', 'd'])).toEqual(['T-a', 'T-b', 'T-c'])
  })
  it('are none where the server does not answer', async () => {
    server({}, 500)
    expect(await mp.noticesFor(['a'])).toEqual([])
  })
  it('are asked for at once, within the tap', () => {
    answers('requestSubscribeMessage', { ok: {} }, wechat)
    void mp.subscribe(['T-a'])
    expect(asked.requestSubscribeMessage.tmplIds).toEqual(['T-a'])
  })
  it.each([
    [{ 'T-a': 'accept', 'T-b': 'reject' }, true],
    [{ 'T-a': 'reject', 'T-b': 'ban' }, false],
  ])('%o', async (ok, wanted) => {
    answers('requestSubscribeMessage', { ok }, wechat)
    expect(await mp.subscribe(['T-a', 'T-b'])).toBe(wanted)
    expect(toasts()).toEqual([])
  })
  it('that are switched off altogether are switched on by the user', async () => {
    answers('requestSubscribeMessage', { errMsg: 'requestSubscribeMessage:fail', errCode: 20004 }, wechat)
    expect(await mp.subscribe(['T-a'])).toBe(false)
    expect(toasts()[0]).toContain('在设置里打开')
  })
})

describe('scanning', () => {
  it('gives the text', async () => {
    answers('scanCode', { ok: { result: 'https://x.example/?c=1' } })
    expect(await mp.scan()).toBe('https://x.example/?c=1')
  })
  it('says nothing to who cancels', async () => {
    answers('scanCode', cancelled('scanCode'))
    expect(await mp.scan()).toBeNull()
    expect(toasts()).toEqual([])
  })
  it('says what to do where it failed', async () => {
    answers('scanCode', { errMsg: 'scanCode:fail' })
    expect(await mp.scan()).toBeNull()
    expect(toasts()).toEqual(['没有扫到，请手动输入'])
  })
})

describe('pictures', () => {
  it('are saved', async () => {
    answers('saveImageToPhotosAlbum', { ok: {} })
    expect(await mp.saveImage('wxfile://tmp_1.png')).toBe(true)
    expect(toasts()).toEqual(['已保存到相册'])
  })
  it.each(['fail auth deny', 'fail:auth denied', 'fail authorize no response'])('%s: the settings are offered', async (how) => {
    answers('saveImageToPhotosAlbum', { errMsg: `saveImageToPhotosAlbum:${how}` })
    answers('showModal', { ok: { confirm: true } })
    answers('openSetting', { ok: {} })
    expect(await mp.saveImage('wxfile://tmp_1.png')).toBe(false)
    await vi.waitFor(() => expect((uni as any).openSetting).toHaveBeenCalled())
  })
  it('are not saved where the user cancels, and nothing is said', async () => {
    answers('saveImageToPhotosAlbum', cancelled('saveImageToPhotosAlbum'))
    expect(await mp.saveImage('wxfile://tmp_1.png')).toBe(false)
    expect(toasts()).toEqual([])
  })
  it('that are not there are not saved', async () => {
    answers('saveImageToPhotosAlbum', { ok: {} })
    answers('downloadFile', { ok: { statusCode: 404, tempFilePath: 'wxfile://tmp_page' } })
    expect(await mp.saveImage('https://x.example/a.png')).toBe(false)
    expect((uni as any).saveImageToPhotosAlbum).not.toHaveBeenCalled()
    expect(toasts()).toEqual(['图片没有下载下来，请重试'])
  })
  it('are chosen', async () => {
    answers('chooseMedia', { ok: { tempFiles: [{ tempFilePath: 'a' }, { tempFilePath: 'b' }] } })
    expect(await mp.chooseImages(3)).toEqual(['a', 'b'])
    expect(asked.chooseMedia).toMatchObject({ count: 3, mediaType: ['image'] })
  })
  it('are not chosen without consent to the privacy guide', async () => {
    answers('chooseMedia', refused('chooseMedia'))
    expect(await mp.chooseImages(3)).toEqual([])
    expect(toasts()).toEqual(['需要您同意隐私保护指引才能使用'])
  })
})

describe('an address of WeChat', () => {
  it('fills the form', async () => {
    const found = { userName: '王芳', telNumber: '13800138000', provinceName: '江苏省', cityName: '苏州市', countyName: '昆山市', detailInfo: '示例路 1 号' }
    answers('chooseAddress', { ok: found })
    expect(await mp.chooseAddress()).toEqual({ name: '王芳', phone: '13800138000', province: '江苏省', city: '苏州市', district: '昆山市', street: '示例路 1 号' })
  })
  it.each([
    [cancelled('chooseAddress'), []],
    [refused('chooseAddress'), ['需要您同意隐私保护指引才能使用']],
    [{ errMsg: 'chooseAddress:fail api scope is not declared in the privacy agreement' }, ['没有取到微信地址，请手动填写']],
  ])('%o', async (failure, said) => {
    answers('chooseAddress', failure)
    expect(await mp.chooseAddress()).toBeNull()
    expect(toasts()).toEqual(said)
  })
})

describe('customer service', () => {
  it('opens', async () => {
    server({ corp_id: 'ww1', url: 'https://work.weixin.qq.com/kfid/1' })
    answers('openCustomerServiceChat', { ok: {} }, wechat)
    await mp.contactService()
    expect(asked.openCustomerServiceChat).toMatchObject({ corpId: 'ww1', extInfo: { url: 'https://work.weixin.qq.com/kfid/1' } })
  })
  it('that is not set up is called by phone', async () => {
    server({ corp_id: null, url: null, phone: '4008000000' })
    answers('showModal', { ok: { confirm: true } })
    answers('makePhoneCall', { ok: {} })
    await mp.contactService()
    expect(asked.showModal.content).toBe('4008000000')
    expect(asked.makePhoneCall).toMatchObject({ phoneNumber: '4008000000' })
  })
  it('that has no number either is told', async () => {
    server({ corp_id: null, url: null, phone: null })
    await mp.contactService()
    expect(toasts()).toEqual(['客服暂未开通'])
  })
  it('that fails is told', async () => {
    server({ corp_id: 'ww1', url: 'https://work.weixin.qq.com/kfid/1' })
    answers('openCustomerServiceChat', { errMsg: 'openCustomerServiceChat:fail' }, wechat)
    await mp.contactService()
    expect(toasts()).toEqual(['客服暂时无法打开'])
  })
})

describe('copying', () => {
  it.each([
    [{ ok: {} }, '运单号已复制'],
    [{ errMsg: 'setClipboardData:fail' }, '复制失败，请长按选择'],
  ])('%o', async (answer, said) => {
    answers('setClipboardData', answer as Answer)
    await mp.copy('SF1', '运单号已复制')
    expect(toasts()).toEqual([said])
  })
})

describe('a document', () => {
  it('is opened as what its name says: the downloaded file has no ending', async () => {
    answers('openDocument', { ok: {} })
    await mp.openDocument('wxfile://tmp_1', '2026-10.xlsx')
    expect(asked.openDocument).toMatchObject({ filePath: 'wxfile://tmp_1', fileType: 'xlsx' })
  })
  it('that cannot be opened is told', async () => {
    answers('openDocument', { errMsg: 'openDocument:fail filetype not supported' })
    await mp.openDocument('wxfile://tmp_1', 'a.pdf')
    expect(toasts()).toEqual(['无法打开该文件'])
  })
})
