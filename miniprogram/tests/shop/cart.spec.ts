import { describe, expect, it } from 'vitest'
import { keepTokens } from '@/api/tokens'
import { useOrderActions } from '@/packages/member/composables/useOrderActions'
import { useCart } from '@/stores/cart'
import { serve } from './server'

const line = (id: string, quantity: number, problem: string | null = null) => ({
  product: { id, name: id, kind: 'package', retail_price: '100.00' },
  quantity,
  price: problem ? null : '98.00',
  amount: problem ? null : '98.00',
  problem,
})

/** A cart as the server keeps it. */
function shop(start: Record<string, number>, problems: Record<string, string> = {}) {
  const held = new Map(Object.entries(start))
  const cart = () => {
    const lines = [...held].map(([id, quantity]) => line(id, quantity, problems[id] ?? null))
    return { lines, goods: `all-${lines.filter((one) => !one.problem).length}`, freight: null, total: null, problem: null, currency: 'CNY' }
  }
  return { held, cart }
}

describe('cart', () => {
  it('takes its sum from the server, of what is ticked', async () => {
    const { cart } = shop({ a: 1, b: 2, gone: 1 }, { gone: '已售罄' })
    const asked = serve(({ path, body }) => [200, path === '/orders/quote' ? { goods: `of-${body.cart}` } : cart()])
    const store = useCart()
    await store.load()
    expect([store.count, store.chosen, store.goods]).toEqual([4, ['a', 'b'], 'all-2'])
    await store.tick(['b'], false)
    expect([store.chosen, store.goods]).toEqual([['a'], 'of-a'])
    await store.tick(['b'], true)
    expect(store.goods).toBe('all-2')
    expect(asked.filter((one) => one.path === '/orders/quote')).toHaveLength(1)
  })

  it('keeps what is not ticked over a restart', async () => {
    const { cart } = shop({ a: 1, b: 2 })
    serve(({ path, body }) => [200, path === '/orders/quote' ? { goods: `of-${body.cart}` } : cart()])
    const store = useCart()
    await store.load()
    await store.tick(['a'], false)
    const { createPinia, setActivePinia } = await import('pinia')
    setActivePinia(createPinia())
    const again = useCart()
    await again.load()
    expect(again.chosen).toEqual(['b'])
  })

  it('sends only the last of quick changes, and shows it at once', async () => {
    const { held, cart } = shop({ a: 1 })
    const asked = serve(({ method, body }) => {
      if (method === 'PUT') held.set('a', body.quantity)
      return [200, cart()]
    })
    const store = useCart()
    await store.load()
    const taps = [2, 3, 4, 5].map((quantity) => store.set('a', quantity))
    expect(store.quantityOf('a')).toBe(5)
    await Promise.all(taps)
    expect([store.quantityOf('a'), held.get('a')]).toEqual([5, 5])
    expect(asked.filter((one) => one.method === 'PUT').map((one) => one.body.quantity)).toEqual([5])
  })

  it('goes back to what the server has after a refusal', async () => {
    const { cart } = shop({ a: 1 })
    serve(({ method }) => (method === 'PUT' ? [422, { code: 'refused', detail: '仅剩 3 件', fields: {} }] : [200, cart()]))
    const store = useCart()
    await store.load()
    await expect(store.set('a', 9)).rejects.toMatchObject({ detail: '仅剩 3 件' })
    expect(store.quantityOf('a')).toBe(1)
  })

  it('does not add twice when the answer was lost', async () => {
    const { held, cart } = shop({ a: 1 })
    const asked = serve(({ method, body }) => {
      if (method !== 'POST') return [200, cart()]
      held.set('a', held.get('a')! + body.quantity)
      return 'lost'
    })
    const store = useCart()
    await store.add('a', 2)
    expect(store.quantityOf('a')).toBe(3)
    expect(asked.filter((one) => one.method === 'POST')).toHaveLength(1)
  })

  it('does not add twice when nobody could look either', async () => {
    const { held, cart } = shop({ a: 1 })
    let isDown = false
    const asked = serve(({ method, body }) => {
      if (method !== 'POST') return isDown ? 'lost' : [200, cart()]
      held.set('a', held.get('a')! + body.quantity)
      isDown = asked.filter((one) => one.method === 'POST').length === 1
      return isDown ? 'lost' : [200, cart()]
    })
    const store = useCart()
    await expect(store.add('a')).rejects.toMatchObject({ isNetwork: true })
    await expect(store.add('a')).rejects.toMatchObject({ isNetwork: true })
    isDown = false
    await store.add('a')
    expect([store.quantityOf('a'), held.get('a')]).toEqual([2, 2])
    await store.add('a')
    expect(held.get('a')).toBe(3)
  })

  it('takes what was seen in the cart meanwhile for known', async () => {
    const { held, cart } = shop({ a: 1 })
    let isDown = false
    serve(({ method, body }) => {
      if (isDown) return 'lost'
      if (method === 'POST') held.set('a', held.get('a')! + body.quantity)
      isDown = method === 'POST' && held.get('a') === 2
      return isDown ? 'lost' : [200, cart()]
    })
    const store = useCart()
    await expect(store.add('a')).rejects.toMatchObject({ isNetwork: true })
    isDown = false
    await store.load()
    await store.add('a')
    expect(held.get('a')).toBe(3)
  })

  it('goes on where ordering once more was broken off', async () => {
    const { held, cart } = shop({})
    let isDown = true
    serve(({ method, body }) => {
      if (method === 'POST' && body.product_id === 'b' && isDown) return [500]
      if (method === 'POST') held.set(body.product_id, (held.get(body.product_id) ?? 0) + body.quantity)
      return [200, cart()]
    })
    const { again } = useOrderActions(() => undefined)
    const lines = ['a', 'b'].map((id) => ({ product_id: id, name: id, quantity: 1 }))
    const order = { id: 'o', kind: 'package', lines } as any
    await again(order)
    isDown = false
    await again(order)
    expect([...held]).toEqual([['a', 1], ['b', 1]])
    await again(order)
    expect([...held]).toEqual([['a', 2], ['b', 2]])
  })

  it('says so when nothing was added', async () => {
    const { cart } = shop({ a: 1 })
    serve(({ method }) => (method === 'POST' ? 'lost' : [200, cart()]))
    await expect(useCart().add('a')).rejects.toMatchObject({ isNetwork: true })
  })

  it('is nobody else’s after logging out', async () => {
    const { cart } = shop({ a: 1 })
    serve(() => [200, cart()])
    const store = useCart()
    await store.load()
    keepTokens(null)
    expect([store.count, store.goods]).toEqual([0, null])
  })
})
