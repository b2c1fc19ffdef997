import { addScanned, allTyped, countOf, parseNumbers, rangeFault, rangeText, without } from '@/packages/channel/numbers'

describe('numbers', () => {
  it('are taken one by one and as ranges, each once', () => {
    expect(parseNumbers('A001-A010\nB1，B2、B1; C1~C3')).toEqual({
      numbers: ['B1', 'B2'],
      ranges: [['A001', 'A010'], ['C1', 'C3']],
    })
  })

  it('of nothing are none', () => expect(parseNumbers(' \n ')).toEqual({ numbers: [], ranges: [] }))

  it('are added once by the scanner, also from an address', () => {
    const text = addScanned('A1', 'https://shop.example/m/?number=A2')
    expect(text).toBe('A1\nA2')
    expect(addScanned(text, ' A2 ')).toBe(text)
    expect(addScanned(text, '')).toBe(text)
  })

  it('read back as they are written', () => {
    expect(parseNumbers(rangeText('A1', 'A9')).ranges).toEqual([['A1', 'A9']])
    expect(parseNumbers(rangeText('A1', 'A1')).numbers).toEqual(['A1'])
  })
})

describe('what is typed', () => {
  it('counts whether it was added to the box or not', () => {
    expect(allTyped({ numbers: 'A1', first: ' A2 ', last: 'A4' })).toBe('A1\nA2-A4')
    expect(allTyped({ numbers: 'A1', first: 'A2', last: '' })).toBe('A1\nA2')
    expect(allTyped({ numbers: 'A1', first: '', last: 'A4' })).toBe('A1')
  })

  it.each([
    ['A1', 'A9', ''],
    ['A1', '', ''],
    ['A9', 'A1', '起始卡号要小于结束卡号'],
    ['a1', 'A９', ''],
    ['A1', 'A10', '起始和结束卡号要前缀相同、位数相同'],
    ['A1', 'B2', '起始和结束卡号要前缀相同、位数相同'],
    ['哈哈', '???', '起始和结束卡号要前缀相同、位数相同'],
  ])('from %s to %s', (first, last, fault) => expect(rangeFault(first, last)).toBe(fault))

  it.each([
    ['A08-A11\nA08-A11 A09', 4],
    ['A08-A11\nA10-A15\nA09', 8],
    ['A15 A08-A11\nA010-A011 哈哈 哈哈', 8],
    ['a1，Ａ１ A1', 1],
  ])('%s are %s different ones', (text, count) => expect(countOf(text)).toBe(count))

  it.each([['A08-A11\nB1 B2', 6], ['A1-A1', 1], ['', 0], ['A1-B9', null], ['A9-A1', null], ['CRAB2026000000000001-CRAB2026000000010000', 10000]])('%s are %s', (text, count) => {
    expect(countOf(text)).toBe(count)
  })

  it('falls apart around what does not fit', () => {
    expect(without('A098-A103\nB1，B2', ['A098', 'A100', 'A101', 'B2'])).toBe('B1\nA099\nA102-A103')
    expect(without('a1 a2-a4', ['A1', 'A3'])).toBe('A2\nA4')
    expect(without('A1-A3', ['A1', 'A2', 'A3'])).toBe('')
    expect(without('A1-A3 哈哈-呵呵', ['B2', 'A22'])).toBe('A1-A3\n哈哈-呵呵')
  })
})
