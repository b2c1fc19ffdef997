import { describe, expect, it } from 'vitest'
import { cardWords, discountWords, eventWords, mustChoose, numberOfScan, pageOfTarget, toggle } from '@/utils/card'

describe('a scanned code', () => {
  it.each([
    ['ycc00012345', 'YCC00012345'],
    [' ＹＣＣ00012345\n', 'YCC00012345'],
    ['https://shop.example/m/?number=YCC00012345', 'YCC00012345'],
    ['https://shop.example/m/?card=YCC00012345&x=1', 'YCC00012345'],
    ['https://shop.example/', ''],
    ['六六大顺', ''],
    ['123', ''],
  ])('%s → %s', (text, number) => expect(numberOfScan(text)).toBe(number))
})

describe('a choice', () => {
  it('is asked for only where there is one', () => {
    expect(mustChoose({ choose: 1, choices: [{}] })).toBe(false)
    expect(mustChoose({ choose: 1, choices: [{}, {}] })).toBe(true)
  })
  it('of one: the last tick counts', () => expect(toggle(['a'], 'b', 1)).toEqual(['b']))
  it('of several: not more than the card gives', () => {
    expect(toggle(['a'], 'b', 2)).toEqual(['a', 'b'])
    expect(toggle(['a', 'b'], 'c', 2)).toEqual(['a', 'b'])
    expect(toggle(['a', 'b'], 'a', 2)).toEqual(['b'])
  })
})

it('leads from a message to its document', () => {
  expect(pageOfTarget({ kind: 'redemption', id: 'TH/1' })).toBe('/packages/member/pages/redemption?id=TH%2F1')
})

it.each([[0.95, '9.5 折'], [0.9, '9 折'], [0.8875, '8.875 折'], [1, '零售价']])('says %s as %s', (ratio, words) =>
  expect(discountWords(ratio)).toBe(words))

it('says where a card is before what it is', () => {
  const card = { away: null, is_expired: false, state_label: '已激活' }
  expect(cardWords(card)).toBe('已激活')
  expect(cardWords({ ...card, is_expired: true })).toBe('已过期')
  expect(cardWords({ ...card, is_expired: true, away: 'gift' })).toBe('转赠中')
  expect(cardWords({ ...card, away: 'return' })).toBe('返还中')
  const event = { event: 'reserve', label: '转为在途', happened_at: '2026-10-01T00:00:00Z' }
  expect(eventWords({ ...event, document: 'gift' })).toBe('发起转赠')
  expect(eventWords({ ...event, document: 'return' })).toBe('申请返还')
  expect(eventWords({ ...event, document: null })).toBe('转为在途')
})
