import { api, ApiError } from '@/api/client'
import { keepTokens, tokens } from '@/api/tokens'

const answers: ((sent: any) => void)[] = []
const sent = () => (uni.request as any).mock.calls.map(([one]: any) => one)
const gives = (statusCode: number, data: unknown = {}) => answers.push((one) => one.success({ statusCode, data }))
const lost = () => answers.push((one) => one.fail({ errMsg: 'request:fail' }))

beforeEach(() => {
  answers.length = 0
  ;(uni.request as any).mockImplementation((one: any) => setTimeout(() => answers.shift()!(one)))
  keepTokens({ access_token: 'old', refresh_token: 'r1', role: 'member' })
})

describe('client', () => {
  it('fills path and query, sends token and language', async () => {
    gives(200, { id: '1' })
    await api.get('/orders/{order_id}', { path: { order_id: 'a/b' } })
    expect(sent()[0].url).toBe('/api/v1/orders/a%2Fb')
    expect(sent()[0].header).toMatchObject({ Authorization: 'Bearer old', 'Accept-Language': 'zh-CN' })
  })

  it('sends no token to what is the same for everyone', async () => {
    gives(200, [])
    await api.get('/catalog/categories')
    expect(sent()[0].header.Authorization).toBeUndefined()
  })

  it('sends no PATCH, which WeChat does not know', async () => {
    gives(200, { id: '1' })
    await api.patch('/member/me', { body: { name: '蟹友' } })
    expect(sent()[0]).toMatchObject({ method: 'POST', header: { 'X-HTTP-Method-Override': 'PATCH' } })
  })

  it('gives the words of a refusal', async () => {
    gives(422, { code: 'invalid', detail: '卡号不对', fields: { number: '不存在' } })
    const error = await api.post('/cards/bind', { body: { number: '1', password: '2' } } as any).catch((caught) => caught)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 422, detail: '卡号不对', fields: { number: '不存在' }, isNetwork: false })
  })

  it('renews the token once for all who wait', async () => {
    gives(401)
    gives(401)
    gives(200, { access_token: 'new', refresh_token: 'r2', role: 'member' })
    gives(200, { id: 'a' })
    gives(200, { id: 'b' })
    await Promise.all([api.get('/member/me'), api.get('/member/points')])
    expect(sent().filter((one: any) => one.url.endsWith('/auth/refresh'))).toHaveLength(1)
    expect(sent().slice(-1)[0].header.Authorization).toBe('Bearer new')
    expect(tokens()!.refresh_token).toBe('r2')
  })

  it('ends the session when the refresh token is refused, not when the network fails', async () => {
    gives(401)
    lost()
    await expect(api.get('/member/me')).rejects.toMatchObject({ isNetwork: true })
    expect(tokens()).not.toBeNull()
    gives(401)
    gives(401)
    await expect(api.get('/member/me')).rejects.toMatchObject({ status: 401 })
    expect(tokens()).toBeNull()
  })

  it('repeats a GET once after a lost answer, a POST never', async () => {
    lost()
    gives(200, { id: '1' })
    await api.get('/member/me')
    lost()
    await expect(api.post('/auth/switch', { body: { role: 'member' } })).rejects.toMatchObject({ isNetwork: true })
    expect(sent()).toHaveLength(3)
  })
})
