import { money } from '@/utils/money'
import { addDays, dateTime, day, dayWords } from '@/utils/date'
import { entryOf } from '@/utils/entry'
import { toast } from '@/utils/toast'

it('shows money as it is', () => {
  expect(['1280.00', '0.5', '-1234567.89', '12', null, 'x'].map(money)).toEqual(['¥1,280.00', '¥0.50', '-¥1,234,567.89', '¥12.00', '', ''])
})

it('shows times of China', () => {
  expect(dateTime('2026-10-01T23:30:00+00:00')).toBe('2026-10-02 07:30')
  expect(day('2026-10-01T16:00:00Z')).toBe('2026-10-02')
  expect(dayWords('2026-10-01')).toBe('10月1日 周四')
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01')
})

it('knows where links and codes lead', () => {
  expect(entryOf({})).toBeNull()
  expect(entryOf({ invite: 'AB/1' })).toBe('/pages/login/index?invite=AB%2F1')
  expect(entryOf({ scene: encodeURIComponent('g=TOKEN') })).toBe('/packages/member/pages/gift?token=TOKEN')
  expect(entryOf({ scene: 'home' })).toBeNull()
})

it('gives each toast a time of its own, also where it takes the place of another', () => {
  toast('请选择原因')
  toast('请选择原因')
  const [first, second] = vi.mocked(uni.showToast).mock.calls.map(([asked]) => asked!.duration)
  expect(first).not.toBe(second) // uni-h5 starts its clock anew only where they differ
})
