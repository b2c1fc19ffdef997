import { describe, expect, it } from 'vitest'
import { api } from '@/api/client'
import { useSubmit } from '@/composables/useSubmit'
import { stepsOf, wishOf } from '@/packages/member/composables/aftersale'
import { useCheckout, type Wish } from '@/packages/member/composables/useCheckout'
import { serve } from './server'

const quote = (values: object = {}) => ({
  kind: 'package', lines: [], goods: '100.00', freight: '10.00', total: '110.00', currency: 'CNY',
  needs_address: true, delivery_dates: ['2026-10-02', '2026-10-03'], can_order: true, ...values,
})
const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('checkout', () => {
  it('asks for the price of what is chosen, and says what is missing', async () => {
    const asked = serve(() => [200, quote()])
    const { form, missing, ask } = useCheckout()
    form.wish.lines = [{ product_id: 'p', quantity: 2 }]
    await ask()
    expect(missing.value).toBe('请选择收货地址')
    Object.assign(form, { address_id: 'a', delivery_date: '2026-10-03' })
    await ask()
    expect(missing.value).toBe('')
    expect(asked.map((one) => one.body)).toEqual([
      { lines: [{ product_id: 'p', quantity: 2 }] },
      { lines: [{ product_id: 'p', quantity: 2 }], address_id: 'a', delivery_date: '2026-10-03' },
    ])
  })

  it('lets only the answer to the last question count', async () => {
    const waiting: (() => void)[] = []
    serve(({ body }) => new Promise((resolve) => waiting.push(() => resolve([200, quote({ total: body.address_id })]))))
    const { form, quote: shown, quoting, ask } = useCheckout()
    form.wish.cart = ['p']
    form.address_id = 'first'
    const first = ask()
    form.address_id = 'second'
    const second = ask()
    waiting[1]()
    await second
    waiting[0]()
    await first
    expect([shown.value?.total, quoting.value]).toEqual(['second', false])
  })

  it('forgets a day that is not offered any more, and cannot order what is short', async () => {
    serve(() => [200, quote({ can_order: false })])
    const { form, missing, ask } = useCheckout()
    form.wish.lines = [{ product_id: 'p', quantity: 2 }]
    Object.assign(form, { address_id: 'a', delivery_date: '2026-09-30' })
    await ask()
    expect(form.delivery_date).toBe('')
    expect(missing.value).toBe('有商品库存不足，请调整数量')
  })

  it('shows why nothing can be delivered there', async () => {
    let refuses = false
    serve(() => (refuses ? [422, { code: 'refused', detail: '该地区不配送', fields: {} }] : [200, quote()]))
    const { form, missing, ask } = useCheckout()
    form.wish.lines = [{ product_id: 'p', quantity: 1 }]
    form.address_id = 'a'
    await ask()
    refuses = true
    await ask()
    expect(missing.value).toBe('该地区不配送')
  })

  it('keeps what was chosen and typed until it is ordered, and for these goods only', () => {
    const opened = (wish: Wish) => {
      const checkout = useCheckout()
      checkout.begin(wish)
      return checkout
    }
    const one = { lines: [{ product_id: 'p', quantity: 1 }] }
    const { form } = opened(one)
    form.wish.lines![0].quantity = 3
    Object.assign(form, { address_id: 'a', delivery_date: '2026-10-03', note: '放门口' })
    const again = opened(one)
    expect(again.orderBody.value).toEqual({ lines: [{ product_id: 'p', quantity: 3 }], address_id: 'a', delivery_date: '2026-10-03', note: '放门口' })
    again.draft.clear()
    expect(opened(one).orderBody.value).toEqual(one)
    opened({ cart: ['p', 'q'] }).form.note = '两样'
    expect(opened({ cart: ['q', 'p'] }).form.note).toBe('两样')
    expect(opened({ cart: ['q'] }).orderBody.value).toEqual({ cart: ['q'] })
  })

  it('is one order, however often the answer is lost', async () => {
    const orders = new Map<string, string>()
    let losses = 2
    const asked = serve(({ key, body }) => {
      const sent = JSON.stringify(body)
      if (!orders.has(key!)) orders.set(key!, sent)
      if (orders.get(key!) !== sent) return [409, { code: 'conflict', detail: '', fields: {} }]
      return losses-- > 0 ? 'lost' : [201, { id: 'o1' }]
    })
    const { form, orderBody } = useCheckout()
    form.wish.lines = [{ product_id: 'p', quantity: 1 }]
    Object.assign(form, { address_id: 'a', note: ' 放门口 ' })
    const done: string[] = []
    const send = () =>
      useSubmit((key: string) => api.post('/orders', { body: orderBody.value, key }), { name: 'order', onDone: (order) => done.push(order.id) })
    const page = send()
    await Promise.all([page.run(), page.run()]) // tapped twice
    await page.run()
    await send().run() // the program was ended and opened again
    await settled()
    expect([orders.size, done, asked.length]).toEqual([1, ['o1'], 3])
    expect(asked[0].body.note).toBe('放门口')
  })
})

describe('after-sales', () => {
  it('asks for pieces of what was chosen, or for numbers', () => {
    const form = { order: 'o', kind: 'refund' as const, reason: 'quality' as const, text: ' 死蟹 ', pictures: ['u1'], quantities: { a: 2, b: 0 }, numbers: [] as string[] }
    expect(wishOf(form)).toEqual({ kind: 'refund', reason: 'quality', text: '死蟹', pictures: ['u1'], lines: [{ product_id: 'a', quantity: 2 }], numbers: [] })
    expect(wishOf({ ...form, text: '', numbers: ['C1'] })).toMatchObject({ lines: [], numbers: ['C1'] })
  })

  it('shows how far a request has come', () => {
    const request: any = { kind: 'return', state: 'to_buyer', state_label: '待买家处理', asked_at: 't1', approved_at: 't2', sent_at: null, ended_at: null }
    expect(stepsOf(request).map((step) => [step.title, step.done])).toEqual([
      ['提交申请', true], ['商家审核', true], ['寄回商品', false], ['退款完成', false],
    ])
    const refused = { ...request, state: 'rejected', state_label: '已拒绝', approved_at: null, ended_at: 't3' }
    expect(stepsOf(refused).map((step) => step.title)).toEqual(['提交申请', '已拒绝'])
  })
})
