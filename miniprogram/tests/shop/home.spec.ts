import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { keepTokens } from '@/api/tokens'
import Home from '@/pages/home/index.vue'
import { pageHooks } from '../setup'

const product = { id: 'p1', name: '尝鲜装', kind: 'package', retail_price: '268.00', stock: 'plenty', picture: '/p1', reviews: { count: 0, good: null } }
const own = { product_id: 'p1', price: '262.64', is_favourite: false }
const banners = ['/b1', '/b2'].map((picture) => ({ id: picture, title: picture, picture, target: { kind: 'none' } }))

function server(home: object) {
  ;(uni.request as any).mockImplementation(({ url, success }: any) =>
    success({ statusCode: 200, data: /catalog\/prices/.test(url) ? [own] : home }),
  )
}
async function opened() {
  const page = mount(Home)
  await pageHooks.onLoad()
  await new Promise((resolve) => setTimeout(resolve))
  await flushPromises()
  return page
}
const pictures = (page: ReturnType<typeof mount>) => page.findAll('img').map((one) => one.attributes('src')!.replace(location.origin, ''))

it('shows members their own prices as soon as it is there, and nobody once they have left', async () => {
  keepTokens({ access_token: 'a', refresh_token: 'r', role: 'member' } as any)
  server({ banners: [], recommended: [product] })
  const page = await opened()
  expect(page.text()).toContain('262.64')
  keepTokens(null)
  await flushPromises()
  expect(page.text()).not.toContain('262.64')
  expect(page.text()).toContain('268.00')
})

it('fetches the first banner before all other pictures', async () => {
  server({ banners, recommended: [product] })
  const page = await opened()
  expect(pictures(page)).toEqual(['/b1'])
  await page.find('img').trigger('load')
  expect(pictures(page)).toEqual(['/b1', '/b2', '/p1'])
})

it('waits for no banner where there is none, nor for one that does not come', async () => {
  server({ banners: [], recommended: [product] })
  expect(pictures(await opened())).toEqual(['/p1'])
  server({ banners, recommended: [product] })
  const page = await opened()
  await page.find('img').trigger('error')
  expect(pictures(page)).toContain('/p1')
})
