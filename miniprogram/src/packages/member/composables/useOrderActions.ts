import { ref } from 'vue'
import { api, ApiError } from '@/api/client'
import type { Schema } from '@/api/types'
import { useCart } from '@/stores/cart'
import { confirm } from '@/utils/dialog'
import { go } from '@/utils/nav'
import { toast } from '@/utils/toast'

type Item = Schema<'OrderItem'>

/** What a member does with an order, in the list as on its own page. */
export function useOrderActions(changed: (order: Schema<'Order'>) => void) {
  const busy = ref('')
  const cart = useCart()

  async function step(name: string, order: Item, work: () => Promise<Schema<'Order'> | void>, done = '') {
    if (busy.value) return
    busy.value = `${name} ${order.id}`
    try {
      const answer = await work()
      if (answer) changed(answer)
      if (done) toast(done)
    } catch (refusal) {
      toast(refusal instanceof ApiError ? refusal.detail : '没有成功，请再试一次')
      // it may have been done all the same
      await api.get('/orders/{order_id}', path(order)).then(changed, () => undefined)
    } finally {
      busy.value = ''
    }
  }
  const path = (order: Item) => ({ path: { order_id: order.id } })

  async function cancel(order: Item) {
    if (!(await confirm({ title: '取消订单', message: '取消后不能恢复，确定取消？', ok: '取消订单', cancel: '再想想' }))) return
    await step('cancel', order, () => api.post('/orders/{order_id}/cancel', path(order)), '订单已取消')
  }
  async function receive(order: Item) {
    if (!(await confirm({ title: '确认收货', message: '请收到并检查商品后再确认。', ok: '确认收货' }))) return
    await step('receive', order, () => api.post('/orders/{order_id}/confirm-receipt', path(order)), '已确认收货')
  }
  async function extend(order: Item) {
    if (!(await confirm({ title: '延长收货', message: '每个订单只能延长一次，确定延长？', ok: '延长' }))) return
    await step('extend', order, () => api.post('/orders/{order_id}/extend-receipt', path(order)), '已延长收货时间')
  }
  // what lies in the cart already when the network fails in the middle
  const added = new Set<string>()
  /** Packages go into the cart together; a card has a page of its own. */
  async function again(order: Item) {
    if (order.kind !== 'package') return go(`/packages/member/pages/product?id=${order.lines[0].product_id}`)
    await step('again', order, async () => {
      const gone: string[] = []
      for (const line of order.lines) {
        const one = `${order.id} ${line.product_id}`
        if (added.has(one)) continue
        try {
          await cart.add(line.product_id, line.quantity)
          added.add(one)
        } catch (refusal) {
          if (!(refusal instanceof ApiError) || refusal.status !== 404) throw refusal
          gone.push(line.name)
        }
      }
      added.clear()
      if (gone.length) toast(`已下架：${gone.join('、')}`)
      if (gone.length < order.lines.length) go('/packages/member/pages/cart')
    })
  }

  return { busy, cancel, receive, extend, again }
}
