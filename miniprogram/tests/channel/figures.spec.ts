import { amountFault, barHeights, isBetween, percentText, ratioOfPercent, ratioText, ratioTyped } from '@/packages/channel/figures'
import { i18n } from '@/locale'
import { monthsBack } from '@/packages/channel/months'

describe('ratios', () => {
  it.each([['0.65', '6.5 折'], ['0.70', '7 折'], ['0.6250', '6.25 折'], ['0.8805', '8.805 折']])('%s is %s', (ratio, words) => {
    expect(ratioText(ratio)).toBe(words)
  })

  it('are per cent in English', () => {
    const locale = i18n.global.locale as unknown as { value: string }
    locale.value = 'en'
    expect(ratioText('0.65')).toBe('65%')
    expect(ratioTyped('65')).toBe('0.65')
    locale.value = 'zh-Hans'
  })

  it('shares are per cent', () => expect([percentText('0.3'), percentText('0.125')]).toEqual(['30%', '12.5%']))

  it.each([['6.5', '0.65'], ['6.25', '0.625'], ['7', '0.7'], ['65', null], ['', null], ['六', null]])('typed 折 %s', (text, ratio) => {
    expect(ratioTyped(text)).toBe(ratio)
  })

  it.each([['30', '0.3'], ['0', '0'], ['100', '1'], ['101', null], ['-1', null]])('typed per cent %s', (text, ratio) => {
    expect(ratioOfPercent(text)).toBe(ratio)
  })
})

describe('a ratio between two others', () => {
  it.each([['0.7', true], ['0.6', false], ['0.95', false], ['0.961', false], [null, false]])('%s', (ratio, fits) => {
    expect(isBetween(ratio, '0.60', '0.95')).toBe(fits)
  })
  it('is for the server to judge where the bounds are not told', () => expect(isBetween('0.2', null, null)).toBe(true))
})

it('bars are as tall as their amounts, the smallest still seen', () => {
  expect(barHeights(['50.00', '0.00', '-100.00', '0.01'])).toEqual([50, 0, 100, 4])
  expect(barHeights(['0.00', '0.00'])).toEqual([0, 0])
})

describe('months', () => {
  it('are those of Shanghai', () => {
    expect(monthsBack(new Date('2026-12-31T17:00:00Z'), 3)).toEqual(['2027-01', '2026-12', '2026-11'])
  })
})

it.each([
  ['', ''],
  ['400', ''],
  ['400.01', '最多 ¥400.00'],
  ['0', '请输入金额，最多两位小数'],
  ['0.001', '请输入金额，最多两位小数'],
  ['1e2', '请输入金额，最多两位小数'],
])('the amount %s of 400', (text, fault) => expect(amountFault(text, '400.00')).toBe(fault))
