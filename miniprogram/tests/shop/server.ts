import { vi } from 'vitest'

export interface Asked {
  method: string
  path: string
  body: any
  key?: string
}
type Answer = [status: number, data?: unknown] | 'lost'

/** Plays the API: `answer` says what comes back; `'lost'`: it was taken, and nothing came. */
export function serve(answer: (asked: Asked) => Answer | Promise<Answer>) {
  const asked: Asked[] = []
  vi.mocked(uni.request).mockImplementation(((request: any) => {
    const one: Asked = {
      method: request.method,
      path: request.url.replace(/^.*\/api\/v1/, ''),
      body: request.data && JSON.parse(JSON.stringify(request.data)),
      key: request.header['Idempotency-Key'],
    }
    asked.push(one)
    void Promise.resolve(answer(one)).then((found) => {
      if (found === 'lost') request.fail({ errMsg: 'request:fail timeout' })
      else request.success({ statusCode: found[0], data: found[1] ?? '' })
    })
  }) as any)
  return asked
}
