import { addScanned, parseNumbers, rangeText } from '@/packages/channel/numbers'

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
