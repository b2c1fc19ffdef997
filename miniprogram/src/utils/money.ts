/** '1280.00' → '¥1,280.00'; only how it looks: amounts come from the server and are never computed here. */
export function money(amount?: string | null): string {
  const parts = moneyParts(amount)
  return parts ? `${parts.sign}¥${parts.whole}.${parts.cents}` : ''
}

export function moneyParts(amount?: string | null) {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount ?? '')
  if (!found) return null
  const [, sign, whole, cents = ''] = found
  return { sign, whole: whole.replace(/\B(?=(\d{3})+$)/g, ','), cents: `${cents}00`.slice(0, Math.max(2, cents.length)) }
}
