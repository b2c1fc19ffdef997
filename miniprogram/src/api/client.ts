import { t } from '@/locale'
import { keepTokens, reread, tokens, type Tokens } from './tokens'
import type { paths } from './schema'
import type { Schema } from './types'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: any }> ? P : never
}[keyof paths] & string
type Op<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? NonNullable<paths[P][M]> : never
type Json<T> = T extends { content: { 'application/json': infer J } } ? J : void
type Ok<O> = O extends { responses: infer R } ? { [K in keyof R]: K extends 200 | 201 | 204 ? Json<R[K]> : never }[keyof R] : never
type Parameters<O> = O extends { parameters: infer Q } ? Q : {}
type Part<Q, K extends string> = K extends keyof Q ? ([NonNullable<Q[K]>] extends [never] ? {} : Pick<Q, K>) : {}
type Body<O> = O extends { requestBody: { content: { 'application/json': infer J } } }
  ? { body: J }
  : O extends { requestBody?: { content: { 'application/json': infer J } } }
    ? { body?: J }
    : {}
type Key<O> = O extends { parameters: { header: { 'idempotency-key': string } } } ? { key: string } : {}
export type Init<O> = Part<Parameters<O>, 'path'> & Part<Parameters<O>, 'query'> & Body<O> & Key<O>
type Rest<I> = {} extends I ? [init?: I] : [init: I]
type Call<M extends Method> = <P extends PathsWith<M>>(path: P, ...init: Rest<Init<Op<P, M>>>) => Promise<Ok<Op<P, M>>>
interface Sent {
  path?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  key?: string
}

export const BASE = (import.meta.env.VITE_API_BASE || '') + '/api/v1'
const TIMEOUT = 15000
const unreached = () => new ApiError(0, 'network', t('网络不给力，请检查网络后重试'))

/** A refusal (`status`, `code`, a sentence for people, and what is wrong with which field), or no answer at all. */
export class ApiError extends Error {
  constructor(
    public status: number,
    public code: string,
    public detail: string,
    public fields: Record<string, string> = {},
  ) {
    super(detail)
  }

  /** Nothing came back: it may have been done or not. */
  get isNetwork() {
    return this.status === 0
  }
}

let language = 'zh-CN'
export function speak(words: 'zh-CN' | 'en') {
  language = words
}

export function addressOf(path: string, init: Sent = {}) {
  const address = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(init.path?.[name])))
  const query = Object.entries(init.query ?? {})
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encodeURIComponent(String(one))}`))
  return BASE + address + (query.length ? `?${query.join('&')}` : '')
}

function headers(token?: string, key?: string): Record<string, string> {
  return {
    'Accept-Language': language,
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(key ? { 'Idempotency-Key': key } : {}),
  }
}

function refusal(status: number, data: unknown) {
  let words = data as Partial<Schema<'ErrorOut'>> | string
  if (typeof words === 'string') {
    try {
      words = JSON.parse(words) as Partial<Schema<'ErrorOut'>>
    } catch {
      words = {}
    }
  }
  const { code, detail, fields } = (words ?? {}) as Partial<Schema<'ErrorOut'>>
  return new ApiError(status, code || 'http', detail || (status >= 500 ? t('服务繁忙，请稍后重试') : t('请求失败，请重试')), fields)
}

function once(method: Method, path: string, init: Sent, token?: string): Promise<any> {
  const isPatch = method === 'patch' // which WeChat does not send
  return new Promise((resolve, reject) =>
    uni.request({
      url: addressOf(path, init),
      method: (isPatch ? 'POST' : method.toUpperCase()) as any,
      data: init.body as any,
      timeout: TIMEOUT,
      header: {
        ...headers(token, init.key),
        ...(init.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(isPatch ? { 'X-HTTP-Method-Override': 'PATCH' } : {}),
      },
      success: ({ statusCode, data }) => {
        // a browser that is refused by its own network says 0 here
        if (!statusCode) reject(unreached())
        else if (statusCode < 300) resolve(data)
        else reject(refusal(statusCode, data))
      },
      fail: () => reject(unreached()),
    }),
  )
}

let renewing: Promise<Tokens | null> | null = null

/** New tokens, once for all who wait; null: the session is over. */
function renew(refused: string): Promise<Tokens | null> {
  const held = reread()
  if (!held || held.access_token !== refused) return Promise.resolve(held)
  renewing ??= (once('post', '/auth/refresh', { body: { refresh_token: held.refresh_token } }) as Promise<Tokens>)
    .then((found) => {
      keepTokens(found)
      return tokens()
    })
    .catch((error: ApiError) => {
      if (error.status !== 401 && error.status !== 403) throw error
      keepTokens(null)
      return null
    })
    .finally(() => (renewing = null))
  return renewing
}

/** `/auth/login/…` and what is public and the same for everyone go without a token, so that caches may answer. */
const OPEN = /^\/(auth\/(login\/|refresh|sms-codes)|site\/|catalog\/(categories|products))/

async function authorized<T>(path: string, send: (token?: string) => Promise<T>): Promise<T> {
  const token = OPEN.test(path) ? undefined : tokens()?.access_token
  try {
    return await send(token)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || !token) throw error
    const renewed = await renew(token)
    if (!renewed) throw error
    return send(renewed.access_token)
  }
}

function call(method: Method, path: string, init: Sent = {}): Promise<any> {
  return authorized(path, async (token) => {
    try {
      return await once(method, path, init, token)
    } catch (error) {
      if (method !== 'get' || !(error as ApiError).isNetwork) throw error
      return once(method, path, init, token)
    }
  })
}

const calls = (method: Method) => ((path: string, init?: Sent) => call(method, path, init)) as any

export const api = {
  get: calls('get') as Call<'get'>,
  post: calls('post') as Call<'post'>,
  put: calls('put') as Call<'put'>,
  patch: calls('patch') as Call<'patch'>,
  delete: calls('delete') as Call<'delete'>,

  /** Send a picture; its id is for another request, its address for showing it. */
  upload(file: string): Promise<Schema<'UploadOut'>> {
    return authorized('/files', (token) =>
      new Promise((resolve, reject) =>
        uni.uploadFile({
          url: `${BASE}/files`,
          filePath: file,
          name: 'file',
          timeout: 4 * TIMEOUT,
          header: headers(token),
          success: ({ statusCode, data }) => {
            if (statusCode && statusCode < 300) resolve(JSON.parse(data))
            else reject(statusCode ? refusal(statusCode, data) : unreached())
          },
          fail: () => reject(unreached()),
        }),
      ),
    )
  },

  /** Fetch a file that needs a login; the path (H5: address) where it lies then. */
  download<P extends PathsWith<'get'>>(path: P, ...init: Rest<Init<Op<P, 'get'>>>): Promise<string> {
    return authorized(path, (token) =>
      new Promise((resolve, reject) =>
        uni.downloadFile({
          url: addressOf(path, init[0] as Sent),
          timeout: 4 * TIMEOUT,
          header: headers(token),
          success: ({ statusCode, tempFilePath }) =>
            statusCode < 300 ? resolve(tempFilePath) : reject(refusal(statusCode, {})),
          fail: () => reject(unreached()),
        }),
      ),
    )
  },
}

let host = import.meta.env.VITE_API_BASE || ''
// #ifdef H5
host ||= location.origin // uni takes a path without it for one below /m/
// #endif

/** The whole address of a picture that the server named (`/crab/file/…`). */
export function pictureOf(src?: string | null) {
  if (!src) return ''
  return src.startsWith('/') ? host + src : src
}
