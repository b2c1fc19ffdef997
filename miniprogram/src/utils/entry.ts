const PAGES: Record<string, string> = {
  invite: '/pages/login/index?invite=',
  level_invite: '/pages/login/index?invite=',
  dealer_invite: '/packages/channel/pages/apply?invite=',
  gift: '/packages/member/pages/gift?token=',
}
const LETTERS: Record<string, string> = { i: 'invite', d: 'dealer_invite', g: 'gift' }

/** The page that a link, code or scene leads to; null: just the start. */
export function entryOf(query: Record<string, string | undefined>): string | null {
  const found = { ...query }
  if (found.scene) {
    const [, letter, token] = /^(\w)=(.+)$/.exec(decodeURIComponent(found.scene)) ?? []
    if (LETTERS[letter]) found[LETTERS[letter]] = token
  }
  for (const name in PAGES) {
    const value = found[name]
    if (value) return PAGES[name] + encodeURIComponent(value)
  }
  return null
}
