import { makeDocument } from '@/packages/channel/documents'

interface Sent {
  url: string
  key: string
}

/** Answers in turn: a status with a body, or nothing (the answer was lost). */
function answers(...given: ([number, unknown] | null)[]): Sent[] {
  const sent: Sent[] = []
  ;(globalThis as any).uni.request = (asked: any) => {
    sent.push({ url: asked.url.replace(/^.*\/api\/v1/, ''), key: asked.header['Idempotency-Key'] })
    const answer = given.shift()
    if (answer) asked.success({ statusCode: answer[0], data: answer[1] })
    else asked.fail({ errMsg: 'request:fail' })
  }
  return sent
}

const BODY = { kind: 'activation' as const, lines: [{ numbers: ['A1'], ranges: [] }] }
const short = { code: 'wallet_short', detail: '还差 ¥300.00', fields: {} }

describe('a document', () => {
  it('is made and taken through its steps with keys that follow from one', async () => {
    const sent = answers([201, { id: 'o1' }], [200, { id: 'o1' }], [200, { id: 'o1', state: 'done' }])
    const made = await makeDocument(BODY, ['submit', 'confirm'], 'key-1')
    expect(made).toEqual({ order: { id: 'o1', state: 'done' }, refusal: null })
    expect(sent).toEqual([
      { url: '/dealer/card-orders', key: 'key-1' },
      { url: '/dealer/card-orders/o1/submit', key: 'key-1-submit' },
      { url: '/dealer/card-orders/o1/confirm', key: 'key-1-confirm' },
    ])
  })

  it('is repeated with the same keys after a lost answer', async () => {
    const first = answers([201, { id: 'o1' }], null)
    await expect(makeDocument(BODY, ['submit'], 'key-1')).rejects.toMatchObject({ isNetwork: true })
    const again = answers([201, { id: 'o1' }], [200, { id: 'o1', state: 'in_transit' }])
    await makeDocument(BODY, ['submit'], 'key-1')
    expect(again).toEqual(first)
  })

  it('stays as it is where a step is refused', async () => {
    answers([201, { id: 'o1' }], [200, { id: 'o1', state: 'submitted' }], [422, short])
    expect(await makeDocument(BODY, ['submit', 'confirm'], 'key-1')).toEqual({
      order: { id: 'o1', state: 'submitted' },
      refusal: '还差 ¥300.00',
    })
  })

  it('is not made where the numbers are refused', async () => {
    answers([422, { code: 'numbers_refused', detail: '不在您手里', fields: {} }])
    await expect(makeDocument(BODY, ['submit'], 'key-1')).rejects.toMatchObject({ code: 'numbers_refused' })
  })
})
