const OFFSET = 8 * 3600 * 1000

/** A moment in China: '2026-10-01 08:30'. */
export function dateTime(moment?: string | null): string {
  return moment ? shifted(moment).slice(0, 16).replace('T', ' ') : ''
}

/** The day in China of a moment, or a day as it is: '2026-10-01'. */
export function day(moment?: string | null): string {
  if (!moment) return ''
  return moment.length === 10 ? moment : shifted(moment).slice(0, 10)
}

/** '10月1日 周四' */
export function dayWords(moment?: string | null): string {
  const found = day(moment)
  if (!found) return ''
  const [, month, date] = found.split('-').map(Number)
  return `${month}月${date}日 周${'日一二三四五六'[new Date(`${found}T00:00:00Z`).getUTCDay()]}`
}

export function today(): string {
  return shifted(new Date().toISOString()).slice(0, 10)
}

export function addDays(from: string, days: number): string {
  return new Date(Date.parse(`${from}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10)
}

function shifted(moment: string) {
  return new Date(Date.parse(moment) + OFFSET).toISOString()
}
