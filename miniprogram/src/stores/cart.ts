import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef } from 'vue'
import { api, ApiError } from '@/api/client'
import { onTokens } from '@/api/tokens'
import type { Schema } from '@/api/types'

const UNTICKED = 'cart.unticked'

/** The member's cart: it lives on the server, so it survives logging out and a change of phone. */
export const useCart = defineStore('cart', () => {
  const cart = shallowRef<Schema<'Cart'> | null>(null)
  const unticked = ref<string[]>(uni.getStorageSync(UNTICKED) || [])
  const wanted = reactive<Record<string, number>>({})
  const goods = ref<string | null>(null)
  const pricing = ref(false)

  const lines = computed<Schema<'CartLine'>[]>(() => cart.value?.lines ?? [])
  const orderable = computed(() => lines.value.filter((line) => !line.problem).map((line) => line.product.id))
  const gone = computed(() => lines.value.filter((line) => line.problem && !line.amount).map((line) => line.product.id))
  const chosen = computed(() => orderable.value.filter((id) => !unticked.value.includes(id)))
  const count = computed(() => lines.value.reduce((sum, line) => sum + quantityOf(line.product.id), 0))

  function quantityOf(id: string) {
    return wanted[id] ?? lines.value.find((line) => line.product.id === id)?.quantity ?? 0
  }

  // one after the other: answers cannot overtake each other
  let queue: Promise<unknown> = Promise.resolve()
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = queue.then(step)
    queue = done.catch(() => undefined)
    return done
  }

  async function take(answer: Schema<'Cart'>) {
    cart.value = answer
    await reprice()
  }

  let asked = 0
  async function reprice() {
    const mine = ++asked
    const ids = chosen.value
    if (ids.length === orderable.value.length) {
      goods.value = ids.length ? (cart.value?.goods ?? null) : null
      pricing.value = false
      return
    }
    goods.value = null
    if (!ids.length) return
    pricing.value = true
    try {
      const quote = await api.post('/orders/quote', { body: { cart: ids } })
      if (mine === asked) goods.value = quote.goods
    } catch {
      // without a sum the cart can still be taken to the checkout, which asks again
    } finally {
      if (mine === asked) pricing.value = false
    }
  }

  const load = () =>
    inTurn(async () => {
      const found = await api.get('/cart')
      unsure.clear()
      await take(found)
    })

  // what would be there if an addition whose answer was lost was done, until the cart was looked at
  const unsure = new Map<string, number>()
  /** Put pieces in. After a lost answer the cart is looked at before it is called a failure, or done again. */
  const add = (id: string, quantity = 1) =>
    inTurn(async () => {
      const wish = `${id} ${quantity}`
      if (!cart.value || unsure.has(wish)) await take(await api.get('/cart'))
      const goal = unsure.get(wish) ?? quantityOf(id) + quantity
      unsure.delete(wish)
      if (quantityOf(id) >= goal) return
      try {
        const answer = await api.post('/cart/lines', { body: { product_id: id, quantity } })
        keepTicks(unticked.value.filter((one) => one !== id))
        await take(answer)
      } catch (error) {
        if (!(error instanceof ApiError && (error.isNetwork || error.status >= 500))) throw error
        unsure.set(wish, goal)
        await take(await api.get('/cart'))
        unsure.delete(wish)
        if (quantityOf(id) < goal) throw error
      }
    })

  /** Let so many pieces stand. Of quick taps only the last number is sent. */
  function set(id: string, quantity: number) {
    wanted[id] = quantity
    return inTurn(async () => {
      const sent = wanted[id]
      if (sent === undefined) return
      try {
        const answer = await api.put('/cart/lines/{product_id}', { path: { product_id: id }, body: { quantity: sent } })
        if (wanted[id] === sent) delete wanted[id]
        await take(answer)
      } catch (error) {
        delete wanted[id]
        throw error
      }
    })
  }

  const remove = (ids: string[]) =>
    inTurn(async () => {
      for (const id of ids) await api.delete('/cart/lines/{product_id}', { path: { product_id: id } })
      await take(await api.get('/cart'))
    })

  function keepTicks(ids: string[]) {
    unticked.value = ids
    uni.setStorageSync(UNTICKED, ids)
  }

  function tick(ids: string[], on: boolean) {
    keepTicks(unticked.value.filter((id) => !ids.includes(id)).concat(on ? [] : ids))
    return reprice()
  }

  function forget() {
    cart.value = null
    goods.value = null
    for (const id of Object.keys(wanted)) delete wanted[id]
  }

  onTokens((found) => {
    if (found?.role !== 'member') forget()
  })

  return { cart, lines, orderable, gone, chosen, count, goods, pricing, quantityOf, load, add, set, remove, tick, forget }
})
