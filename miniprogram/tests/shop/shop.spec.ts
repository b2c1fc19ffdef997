import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import { useWindow } from '@/composables/useWindow'
import { richNodes, shelfText, soldText } from '@/utils/shop'

describe('a long list', () => {
  it('draws what is near the screen, and is as high as all of it', () => {
    const items = ref(Array.from({ length: 1000 }, (_, n) => n))
    const { top, shown, before, after } = useWindow(items, ref(700), 100)
    expect([shown.value[0], shown.value.length, before.value]).toEqual([0, 17, 0])
    for (top.value of [0, 4321, 99300, 120000]) {
      expect(shown.value.length).toBeGreaterThan(9)
      expect(shown.value.length).toBeLessThan(30)
      expect(before.value + shown.value.length * 100 + after.value).toBe(100000)
    }
    top.value = 50000
    expect(shown.value).toContain(500)
    items.value = [1, 2]
    expect([shown.value, before.value, after.value]).toEqual([[1, 2], 0, 0])
    items.value = []
    expect([shown.value, before.value, after.value]).toEqual([[], 0, 0])
  })

  it('leaves each row as high as it is, and nothing moves as it is left out', () => {
    const high = (n: number) => (n % 3 ? 90 : 150)
    const items = ref(Array.from({ length: 300 }, (_, n) => n))
    const { top, first, shown, before, after, measured } = useWindow(items, ref(700), 100)
    const draw = () => measured(Object.fromEntries(shown.value.map((n) => [n, high(n)])))
    const whole = 300 * 110
    for (top.value = 0; top.value < whole - 700; top.value += 650) {
      draw()
      draw() // lower rows than guessed: more of them are drawn
      expect(before.value).toBe(shown.value.slice(0, 1).reduce((_, n) => items.value.slice(0, n).reduce((sum, one) => sum + high(one), 0), 0))
      expect(shown.value[0]).toBe(first.value)
      const drawn = shown.value.reduce((sum, n) => sum + high(n), 0)
      expect(before.value).toBeLessThanOrEqual(Math.max(0, top.value - 1000))
      expect(before.value + drawn).toBeGreaterThan(Math.min(whole, top.value + 700) - 1)
    }
    expect(after.value + before.value + shown.value.reduce((sum, n) => sum + high(n), 0)).toBe(whole)
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
