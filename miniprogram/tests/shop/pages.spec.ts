import { flushPromises, mount } from '@vue/test-utils'
import type { Component } from 'vue'
import { expect, it, vi } from 'vitest'
import Address from '@/packages/member/pages/address.vue'
import Card from '@/packages/member/pages/card.vue'
import Checkout from '@/packages/member/pages/checkout.vue'
import Gifts from '@/packages/member/pages/gifts.vue'
import Order from '@/packages/member/pages/order.vue'
import { pageHooks } from '../setup'
import { serve } from './server'

const receiver = {
  id: 'a', receiver_name: '王芳', receiver_phone: '+8613800138000', province: '江苏省', city: '苏州市', district: '昆山市',
  street: '示例路 8 号', region_code: '320583', is_default: true,
}

async function opened(page: Component, query: object = {}) {
  const shown = mount(page)
  await pageHooks.onLoad(query)
  await flushPromises()
  return shown
}
async function press(page: Awaited<ReturnType<typeof opened>>, words: string) {
  await page.findAll('[role=button]').find((one) => one.text() === words)!.trigger('click')
  await new Promise((resolve) => setTimeout(resolve))
}

it('says how a receiver is called as one dials it, and which e-cards of an order were given away', async () => {
  const card = { number: 'C1', state: 'active', away: null, is_mine: true }
  const order = {
    id: 'o', kind: 'ecard', state: 'done', state_label: '已完成', receiver, parcels: [], lines: [], refunds: [], fapiao: [], aftersale_ids: [],
    cards: [card, { ...card, number: 'C2', is_mine: false }, { ...card, number: 'C3', away: 'gift' }], goods: '1.00', freight: '0.00', total: '1.00',
  }
  serve(() => [200, order])
  const page = await opened(Order, { id: 'o' })
  expect(page.text()).toContain('王芳　13800138000')
  expect(page.findAll('.fact').map((one) => one.text()).filter((text) => /^C\d/.test(text))).toEqual(['C1已激活', 'C2已转赠', 'C3转赠中'])
})

it('says how a receiver is called as one dials it before the order, too', async () => {
  const quote = { kind: 'package', lines: [], goods: '1.00', freight: '0.00', total: '1.00', needs_address: true, delivery_dates: [], can_order: true }
  serve(({ path }) => [200, path === '/member/addresses' ? [receiver] : path === '/orders/quote' ? quote : []])
  const page = await opened(Checkout, { product: 'p' })
  expect(page.findAll('.title').map((one) => one.text()).filter((text) => text.includes('王芳'))).toEqual(Array(2).fill('王芳　13800138000'))
})

it('says that an address is gone', async () => {
  serve(() => [200, [receiver]])
  expect((await opened(Address, { id: 'gone' })).text()).toContain('这个地址已删除')
})

it.each([
  ['after a refusal', [422, { code: 'refused', detail: '这张卡已提货', fields: {} }], '转赠中'],
  ['but not after a lost answer, which leads on when it is sent again', 'lost', '已激活'],
] as const)('looks at a card again %s', async (_when, answer, words) => {
  let asked = 0
  const card = { id: 'C1', kind: 'ecard', product: { name: '电子卡' }, state_label: '已激活', is_expired: false, can_give: true, why_not: {}, history: [] }
  serve(({ method }) => (method === 'POST' ? answer as any : [200, { ...card, away: asked++ ? 'gift' : null }]))
  const page = await opened(Card, { id: 'C1' })
  await press(page, '生成转赠链接')
  await flushPromises()
  expect(page.find('.face__kind').text()).toContain(words)
})

it('lets one tap a gift that leads somewhere, and none else', async () => {
  const gift = { product: { name: '电子卡' }, giver: '王**', card: 'C1', state_label: '', expires_at: '2026-10-01T00:00:00Z', is_mine: true }
  const over = { ...gift, state: 'claimed', token: null, ended_at: '2026-10-02T00:00:00Z' }
  serve(() => [200, { items: [{ ...gift, state: 'open', token: 't' }, over, { ...over, state: 'expired' }, { ...over, is_mine: false }], next_cursor: null }])
  const page = await opened(Gifts)
  const rows = page.findAll('.card')
  expect(rows.map((row) => row.attributes('role'))).toEqual(['link', undefined, undefined, 'link'])
  for (const row of rows) await row.trigger('click')
  expect(vi.mocked(uni.navigateTo).mock.calls.map(([{ url }]: any) => url.split('/').at(-1))).toEqual(['gift?token=t', 'card?id=C1'])
})
