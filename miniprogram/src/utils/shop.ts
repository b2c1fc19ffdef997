import { pictureOf } from '@/api/client'
import type { Schema } from '@/api/types'

export type Kind = Schema<'Product'>['kind']

export const KINDS: { value: Kind; label: string }[] = [
  { value: 'package', label: '现货套餐' },
  { value: 'physical_card', label: '实体卡' },
  { value: 'ecard', label: '电子卡' },
]

export function kindLabel(kind: Kind) {
  return KINDS.find((one) => one.value === kind)?.label ?? ''
}

/** What is said of the shelf: nothing where there is plenty. */
export function shelfText(product: Pick<Schema<'Product'>, 'stock' | 'left'>) {
  if (product.stock === 'sold_out') return '已售罄'
  if (product.stock === 'few') return product.left ? `仅剩 ${product.left} 件` : '库存紧张'
  return ''
}

export function soldText(sold: number | null) {
  if (!sold) return ''
  return sold >= 10000 ? `已售 ${Math.floor(sold / 1000) / 10} 万` : `已售 ${sold}`
}

/** Whether an amount of the server is nothing. */
export function isFree(amount: string) {
  return /^0(\.0+)?$/.test(amount)
}

/** How the season is; of what one reads on the home page. */
export function season(day = new Date()) {
  const month = day.getMonth() + 1
  if (month === 9) return { title: '九月圆脐', text: '母蟹膏黄正满，头茬鲜' }
  if (month === 10) return { title: '金秋开捕', text: '母蟹满黄，公蟹初肥' }
  if (month === 11) return { title: '十月尖脐', text: '公蟹膏似凝脂，正当时' }
  if (month === 12) return { title: '岁末蟹礼', text: '膏满黄肥，暖冬送鲜' }
  return { title: '蟹季预订', text: '一卡在手，金秋鲜到家' }
}

/** Rich text of the shop for `rich-text`: pictures as wide as the page, from the shop's own address. */
export function richNodes(html?: string | null) {
  return (html ?? '').replace(/<img\b([^>]*)>/gi, (_, attributes: string) => {
    const kept = attributes
      .replace(/\s(width|height|style)=("[^"]*"|'[^']*')/gi, '')
      .replace(/(\ssrc=["'])(\/[^"']*)/i, (_src, start: string, path: string) => start + pictureOf(path))
    return `<img${kept} style="max-width:100%;height:auto;display:block">`
  })
}
