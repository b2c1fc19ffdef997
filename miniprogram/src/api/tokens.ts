import type { Schema } from './types'

const KEY = 'crab.tokens'

export type Tokens = Pick<Schema<'TokensOut'>, 'access_token' | 'refresh_token' | 'role'>

let kept: Tokens | null | undefined
const listeners: ((tokens: Tokens | null) => void)[] = []

export function tokens(): Tokens | null {
  if (kept === undefined) kept = (uni.getStorageSync(KEY) as Tokens) || null
  return kept
}

export function keepTokens(found: Tokens | null) {
  kept = found && { access_token: found.access_token, refresh_token: found.refresh_token, role: found.role }
  if (kept) uni.setStorageSync(KEY, kept)
  else uni.removeStorageSync(KEY)
  listeners.forEach((listener) => listener(kept!))
}

/** Forget what this program remembers of the storage; another tab may have renewed. */
export function reread() {
  kept = undefined
  return tokens()
}

export function onTokens(listener: (tokens: Tokens | null) => void) {
  listeners.push(listener)
}
