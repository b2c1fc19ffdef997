import { computed, reactive, ref, shallowRef } from 'vue'
import { api, ApiError } from '@/api/client'
import type { Schema } from '@/api/types'
import { useDraft } from '@/composables/useDraft'

export interface Wish {
  lines?: { product_id: string; quantity: number }[]
  cart?: string[]
}

const goodsOf = ({ lines, cart }: Wish) => JSON.stringify(cart ? [...cart].sort() : lines?.map((line) => line.product_id))

/** What is ordered, where to and when, with what the server says that it costs. */
export function useCheckout() {
  const empty = { wish: {} as Wish, address_id: '', delivery_date: '', note: '' }
  const form = reactive({ ...empty })
  const draft = useDraft('checkout', form)
  const quote = shallowRef<Schema<'Quote'> | null>(null)
  const quoting = ref(false)
  const problem = ref('')

  /** Begin with these goods; what was chosen and typed for the same before stands again. */
  function begin(wish: Wish) {
    if (goodsOf(form.wish) !== goodsOf(wish)) Object.assign(form, { ...empty, wish })
  }

  /** As it is sent: the same words in the same order, so that a repetition is the same request. */
  const body = computed(() => ({
    ...(form.wish.cart ? { cart: form.wish.cart } : { lines: form.wish.lines }),
    ...(form.address_id ? { address_id: form.address_id } : {}),
    ...(form.delivery_date ? { delivery_date: form.delivery_date } : {}),
  }))
  const orderBody = computed(() => ({ ...body.value, ...(form.note.trim() ? { note: form.note.trim() } : {}) }))

  const missing = computed(() => {
    if (!quote.value) return problem.value || '正在计算价格'
    if (problem.value) return problem.value
    if (quote.value.needs_address && !form.address_id) return '请选择收货地址'
    if (!quote.value.can_order) return '有商品库存不足，请调整数量'
    return ''
  })

  let asked = 0
  let asking: Promise<void> = Promise.resolve()
  /** Ask for the price; only the answer to the last question counts. */
  function ask() {
    return (asking = answer(++asked))
  }
  /** When the price of what is chosen now is known, or why it is not. */
  async function priced() {
    let last
    do await (last = asking)
    while (last !== asking)
  }
  async function answer(mine: number) {
    quoting.value = true
    try {
      const found = await api.post('/orders/quote', { body: body.value })
      if (mine !== asked) return
      quote.value = found
      problem.value = ''
      if (form.delivery_date && !found.delivery_dates.includes(form.delivery_date)) form.delivery_date = ''
    } catch (error) {
      if (mine !== asked) return
      problem.value = error instanceof ApiError ? error.detail : String(error)
      if (error instanceof ApiError && error.status === 404 && form.wish.cart) quote.value = null
    } finally {
      if (mine === asked) quoting.value = false
    }
  }

  return { form, draft, begin, quote, quoting, problem, body, orderBody, missing, ask, priced }
}
