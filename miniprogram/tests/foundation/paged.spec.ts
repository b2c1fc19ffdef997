import { mount } from '@vue/test-utils'
import { ApiError } from '@/api/client'
import { usePaged } from '@/composables/usePaged'

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

/** A list of 50, twenty at a time, whose rows are `stamp` and their place. */
function start() {
  const server = { stamp: 'a', fails: false, asked: [] as (string | null)[] }
  let list!: ReturnType<typeof usePaged<string>>
  const setup = () => {
    list = usePaged(async (cursor) => {
      server.asked.push(cursor)
      if (server.fails) throw new ApiError(0, 'network', '…')
      const from = Number(cursor ?? 0)
      const to = Math.min(50, from + 20)
      return { items: rows(from, to).map((n) => server.stamp + n), next_cursor: to < 50 ? String(to) : null }
    }, { manual: true })
  }
  mount({ setup, template: '<view />' })
  return { server, list }
}

it('looks again at as many rows as there are, at once, and goes on behind them', async () => {
  const { server, list } = start()
  await list.reload()
  await list.more()
  expect(list.items.value.length).toBe(40)
  server.stamp = 'b'
  const looking = list.refresh()
  expect(list.items.value[39]).toBe('a39')
  await looking
  expect(list.items.value).toEqual(rows(0, 40).map((n) => `b${n}`))
  await list.more()
  expect([list.items.value.length, list.items.value[49], list.done.value]).toEqual([50, 'b49', true])
})

it('keeps what was there when looking again fails, and looks again from the first', async () => {
  const { server, list } = start()
  await list.reload()
  await list.more()
  server.fails = true
  await list.refresh()
  expect([list.items.value.length, list.error.value?.isNetwork]).toEqual([40, true])
  Object.assign(server, { fails: false, stamp: 'b', asked: [] })
  await list.more()
  expect(list.items.value).toEqual(rows(0, 40).map((n) => `b${n}`))
  expect(server.asked).toEqual([null, '20'])
})

it('shows nothing of before under another filter, and never adds to it', async () => {
  const { server, list } = start()
  await list.reload()
  Object.assign(server, { fails: true, stamp: 'b' })
  await list.reload()
  expect(list.items.value).toEqual([])
  Object.assign(server, { fails: false, asked: [] })
  await list.more()
  expect([server.asked, list.items.value[0]]).toEqual([[null], 'b0'])
})
