const SHANGHAI = 8 * 3600_000

/** This month in Shanghai and those before it, as YYYY-MM. */
export function monthsBack(now: Date, count: number): string[] {
  const there = new Date(now.getTime() + SHANGHAI)
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(there.getUTCFullYear(), there.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  )
}
