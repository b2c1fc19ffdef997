import { ApiError } from '@/api/client'
import { useSubmit } from '@/composables/useSubmit'

const fails = (status: number, code = 'x') => new ApiError(status, code, '…')

async function keysOf(outcomes: (ApiError | 'ok')[]) {
  const keys: string[] = []
  for (const outcome of outcomes) {
    // a new page each time, as after the app was killed
    const { run } = useSubmit(
      async (key) => {
        keys.push(key)
        if (outcome !== 'ok') throw outcome
      },
      { name: 'order' },
    )
    await run()
  }
  return keys.map((key) => keys.indexOf(key))
}

describe('useSubmit', () => {
  it('keeps the key while nobody knows if it was done', async () => {
    expect(await keysOf([fails(0, 'network'), fails(500), fails(409, 'busy'), fails(429), 'ok', 'ok'])).toEqual([0, 0, 0, 0, 0, 5])
  })

  it('takes a new key after a refusal', async () => {
    expect(await keysOf([fails(422), fails(409, 'conflict'), 'ok'])).toEqual([0, 1, 2])
  })

  it('ignores a second tap', async () => {
    let calls = 0
    let end = () => {}
    const { run, busy } = useSubmit(() => new Promise<void>((resolve) => ((calls += 1), (end = resolve))), { name: 'once' })
    const first = run()
    expect(busy.value).toBe(true)
    await run()
    end()
    await first
    expect(calls).toBe(1)
    expect(busy.value).toBe(false)
  })
})
