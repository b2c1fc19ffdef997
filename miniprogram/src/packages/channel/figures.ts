import { t } from './i18n'

/** A price ratio as people say it: 0.65 is 6.5 折. */
export function ratioText(ratio: string): string {
  return t('{n} 折', { n: trim(Number(ratio) * 10, 3), percent: trim(Number(ratio) * 100, 2) })
}

/** 0.3 is 30%. */
export function percentText(ratio: string): string {
  return `${trim(Number(ratio) * 100, 2)}%`
}

/** What was typed as 折 (6.5) as the ratio that the server takes (0.65); null for what is none. */
export function ratioOfZhe(text: string): string | null {
  return ratioOf(text, 10)
}

/** What was typed as per cent (30) as a ratio (0.3); null for what is none. */
export function ratioOfPercent(text: string): string | null {
  return ratioOf(text, 100)
}

/** A number at home without its country. */
export function phoneText(phone: string | null): string {
  return phone?.replace(/^\+86(?=1\d{10}$)/, '') ?? ''
}

function ratioOf(text: string, whole: number): string | null {
  if (!/^\d+(\.\d+)?$/.test(text.trim())) return null
  const ratio = Number(text) / whole
  return ratio > 1 ? null : trim(ratio, 4)
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}
