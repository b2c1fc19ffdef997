import { i18n } from '@/locale'

import { money } from '@/utils/money'

import { t } from './i18n'

/** The levels below the first, as they are named alone. */
export const LEVELS: Record<string, string> = { '2': '二级渠道商', '3': '三级渠道商' }

/** A price ratio as people say it: 0.65 is 6.5 折. */
export function ratioText(ratio: string): string {
  return t('{n} 折', { n: trim(Number(ratio) * 10, 3), percent: trim(Number(ratio) * 100, 2) })
}

/** 0.3 is 30%. */
export function percentText(ratio: string): string {
  return `${trim(Number(ratio) * 100, 2)}%`
}

/** What was typed as 折 (6.5), in English as per cent (65), as the ratio that the server takes (0.65); null for what is none. */
export function ratioTyped(text: string): string | null {
  return ratioOf(text, i18n.global.locale.value === 'en' ? 100 : 10)
}

/** What was typed as per cent (30) as a ratio (0.3); null for what is none. */
export function ratioOfPercent(text: string): string | null {
  return ratioOf(text, 100)
}

/** Whether a ratio lies between two others, neither of which it may be; the server decides where one is not told. */
export function isBetween(ratio: string | null, above?: string | null, below?: string | null): boolean {
  return !!ratio && !(Number(ratio) <= Number(above)) && !(below && Number(ratio) >= Number(below))
}

/** Why what was typed is no amount up to `most`, in words; '' where it is one, or nothing yet. */
export function amountFault(text: string, most: string): string {
  if (!text) return ''
  if (!/^\d+(\.\d{1,2})?$/.test(text) || !Number(text)) return t('请输入金额，最多两位小数')
  return Number(text) > Number(most) ? t('最多 {amount}', { amount: money(most) }) : ''
}

/** How tall bars of these amounts are, in per cent of the tallest; whatever is not nothing is seen. */
export function barHeights(amounts: string[]): number[] {
  const sizes = amounts.map((amount) => Math.abs(Number(amount)))
  const most = Math.max(...sizes)
  return sizes.map((size) => (size ? Math.max(4, Math.round((size / most) * 100)) : 0))
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
