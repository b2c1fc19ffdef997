import { ApiError } from '@/api/client'
import { useSubmit } from '@/composables/useSubmit'

const fails = (status: number, code = 'x') => new ApiError(status, code, '…')
const lost = fails(0, 'network')
const kept = () => uni.getStorageInfoSync().keys.filter((place: string) => place.startsWith('crab.submit.'))

async function keysOf(outcomes: (ApiError | 'ok')[], name: (turn: number) => string = () => 'order') {
  const keys: string[] = []
  for (const [turn, outcome] of outcomes.entries()) {
    // a new page each time, as after the app was killed
    const { run } = useSubmit(
      async (key) => {
        keys.push(key)
        if (outcome !== 'ok') throw outcome
      },
      { name: () => name(turn) },
    )
    await run()
  }
  return keys.map((key) => keys.indexOf(key))
}

beforeEach(() => {
  vi.mocked(uni.showModal).mockImplementation((({ complete }: any) => complete()) as any)
})
afterEach(() => {
  vi.useRealTimers()
  ;(globalThis as any).getCurrentPages = () => []
})

describe('useSubmit', () => {
  it('keeps the key while nobody knows if it was done', async () => {
    expect(await keysOf([lost, fails(500), fails(409, 'busy'), fails(429), 'ok', 'ok'])).toEqual([0, 0, 0, 0, 0, 5])
    expect(kept()).toEqual([])
  })

  it('takes a new key after a refusal', async () => {
    expect(await keysOf([fails(422), fails(409, 'conflict'), 'ok'])).toEqual([0, 1, 2])
  })

  it('keeps a key for each thing it is about', async () => {
    expect(await keysOf([lost, 'ok', 'ok'], (turn) => (turn === 1 ? 'gift-b' : 'gift-a'))).toEqual([0, 1, 0])
  })

  it('forgets a key: who sends later means it once more', async () => {
    vi.useFakeTimers()
    const keys: string[] = []
    const send = (name: string) =>
      useSubmit(async (key) => {
        keys.push(key)
        throw lost
      }, { name }).run()
    await send('order')
    vi.advanceTimersByTime(29 * 60_000)
    await send('order')
    vi.advanceTimersByTime(29 * 60_000)
    await send('order')
    expect(new Set(keys).size).toBe(1)
    await send('gift')
    vi.advanceTimersByTime(31 * 60_000)
    await send('order')
    expect(new Set(keys.slice(-2)).size).toBe(2)
    expect(keys[4]).not.toBe(keys[0])
    expect(kept()).toEqual(['crab.submit.order'])
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

  it('says that an attempt with other content was done, and shows where', async () => {
    const seen: string[] = []
    const { run } = useSubmit(
      async () => {
        throw fails(409, 'conflict')
      },
      { name: 'order', onEarlier: () => seen.push('orders'), onFail: () => seen.push('failed') },
    )
    await run()
    expect(vi.mocked(uni.showModal).mock.calls[0][0]!.content).toContain('已经提交成功')
    expect(seen).toEqual(['orders'])
    expect(uni.showToast).not.toHaveBeenCalled()
  })

  it('looks how it stands after a failure', async () => {
    const seen: number[] = []
    for (const error of [lost, fails(500), fails(422)]) {
      await useSubmit(() => Promise.reject(error), { name: 'cancel', onFail: ({ status }) => seen.push(status) }).run()
    }
    expect(seen).toEqual([0, 500, 422])
  })

  it('leads who has no session any more to the login, and stays', async () => {
    await useSubmit(() => Promise.reject(fails(401)), { name: 'address' }).run()
    expect(vi.mocked(uni.navigateTo).mock.calls[0][0]!.url).toBe('/pages/login/index')
    expect(kept()).toEqual(['crab.submit.address'])
  })

  it('leads on only from where it was sent', async () => {
    const pages: object[] = [{}]
    ;(globalThis as any).getCurrentPages = () => pages
    const seen: string[] = []
    const submit = (meanwhile: () => void) =>
      useSubmit(async () => meanwhile(), { name: 'x', onDone: () => seen.push('done'), next: () => seen.push('led') }).run()
    await submit(() => {})
    await submit(() => pages.push({}))
    expect(seen).toEqual(['done', 'led', 'done'])
    expect(vi.mocked(uni.showToast).mock.calls[0][0]!.title).toContain('已成功')
  })
})
