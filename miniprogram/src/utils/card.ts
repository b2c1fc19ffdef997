import type { Schema } from '@/api/types'

/** What a scanned code says of a card: a number, or a link that carries one. */
export function numberOfScan(text: string): string {
  const plain = text.normalize('NFKC').trim()
  const inLink = /[?&](?:number|card|no)=([A-Za-z0-9]{6,32})(?:&|#|$)/.exec(plain)
  const number = (inLink ? inLink[1] : plain).toUpperCase()
  return /^[A-Z0-9]{6,32}$/.test(number) ? number : ''
}

/** Whether anything is to be chosen: with as many choices as the card gives there is nothing. */
export const mustChoose = (options: { choose: number; choices: unknown[] }) => options.choices.length > options.choose

/** Tick or untick one of `choose` choices; of one choice the last tick counts. */
export function toggle(chosen: string[], id: string, choose: number): string[] {
  if (chosen.includes(id)) return chosen.filter((one) => one !== id)
  if (choose === 1) return [id]
  return chosen.length < choose ? [...chosen, id] : chosen
}

/** What is asked of a card, whoever holds it. */
export interface Wish {
  choice: string[] | null
  receiver: Schema<'ReceiverIn'>
  delivery_date: string | null
}

/** Number and password as typed; phone and code where too many wrong ones ask for them. */
export type Pair = Schema<'QuickOptionsIn'>

/** The page on which a message's document stands. */
export function pageOfTarget({ kind, id }: Schema<'MessageTarget'>): string {
  const pages = { order: 'order', redemption: 'redemption', aftersale: 'after-sale', card_return: 'card-returns' }
  return `/packages/member/pages/${pages[kind]}?id=${encodeURIComponent(id)}`
}

/** What a card is to its holder now: where it is, or that its time is over, comes before its state. */
export function cardWords({ away, is_expired, state_label }: Pick<Schema<'CardItem'>, 'away' | 'is_expired' | 'state_label'>): string {
  if (away) return away === 'gift' ? '转赠中' : '返还中'
  return is_expired ? '已过期' : state_label
}

// what happens to a card, as its holder sees it; the shop's own words are the books'
const EVENTS: Record<string, string> = {
  sell: '购买',
  hand_over: '持卡人变更',
  'reserve gift': '发起转赠',
  'release gift': '转赠结束，卡已退回',
  'hand_over gift': '转赠领取',
  'reserve return': '申请返还',
  'release return': '返还取消',
}
export const eventWords = ({ event, document, label }: Schema<'CardEvent'>): string =>
  EVENTS[`${event} ${document}`] ?? EVENTS[event] ?? label

/** How a price ratio is said: 0.95 → “9.5 折”, 1 → “零售价”. */
export const discountWords = (ratio: number) => (ratio >= 1 ? '零售价' : `${Number((ratio * 10).toFixed(3))} 折`)
