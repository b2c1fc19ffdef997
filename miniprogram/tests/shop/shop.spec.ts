import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import { useWindow } from '@/composables/useWindow'
import { richNodes, shelfText, soldText } from '@/utils/shop'

describe('a long list', () => {
  it('draws what is near the screen, and is as high as all of it', () => {
    const items = ref(Array.from({ length: 1000 }, (_, n) => n))
    const { top, shown, before, after } = useWindow(items, ref(100), ref(700))
    expect([shown.value[0], shown.value.length, before.value]).toEqual([0, 19, 0])
    for (top.value of [0, 4321, 99300, 120000]) {
      expect(shown.value.length).toBeGreaterThan(0)
      expect(shown.value.length).toBeLessThan(30)
      expect(before.value + shown.value.length * 100 + after.value).toBe(100000)
    }
    top.value = 50000
    expect(shown.value).toContain(500)
    items.value = [1, 2]
    expect([shown.value, before.value, after.value]).toEqual([[1, 2], 0, 0])
  })
})

it('lets pictures of a text fit the page', () => {
  const html = '<p>蟹</p><img width="900" src="/web/image/1" style="float:left"><img src="https://x.example/a.png" alt="a">'
  expect(richNodes(html)).toBe(
    `<p>蟹</p><img src="${location.origin}/web/image/1" style="max-width:100%;height:auto;display:block">` +
      '<img src="https://x.example/a.png" alt="a" style="max-width:100%;height:auto;display:block">',
  )
  expect(richNodes(null)).toBe('')
})

it('says what is worth saying of the shelf', () => {
  expect(shelfText({ stock: 'in_stock', left: 900 })).toBe('')
  expect(shelfText({ stock: 'few', left: 3 })).toBe('仅剩 3 件')
  expect(shelfText({ stock: 'sold_out', left: 0 })).toBe('已售罄')
  expect([soldText(0), soldText(99), soldText(12345)]).toEqual(['', '已售 99', '已售 1.2 万'])
})
