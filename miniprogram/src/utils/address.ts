import type { Schema } from '@/api/types'
import { shownPhone } from '@/utils/phone'

/** A pasted address such as “王芳 13800138000 江苏省苏州市虎丘区示例路8号”, taken apart as far as it can be read. */

type RegionPart = Pick<Schema<'Region'>, 'code' | 'name' | 'has_parts'>
export type PartsOf = (parent?: string) => Promise<RegionPart[]>

const PHONE = /(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?!\d)|(0\d{2,3}-\d{7,8})(?!\d)/
const LABELS = /(?:收货人|收件人|姓名|联系人|手机号码?|联系电话|电话|手机|所在地区|地区|详细地址|收货地址|地址)\s*[:：]?/g
const SUFFIX = /(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区|自治州|地区|盟|区|县|旗)$/

const short = (name: string) => {
  const bare = name.replace(SUFFIX, '')
  return bare.length > 1 ? bare : name
}

/** The part named earliest in `text`, with where its name begins and ends. */
function named(text: string, parts: RegionPart[]) {
  let found: { part: RegionPart; from: number; to: number } | null = null
  for (const part of parts) {
    for (const name of [part.name, short(part.name)]) {
      const from = text.indexOf(name)
      if (from < 0) continue
      if (!found || from < found.from || (from === found.from && from + name.length > found.to)) {
        found = { part, from, to: from + name.length }
      }
      break
    }
  }
  return found
}

/** A receiver as the form holds it: the region from the province down to its smallest part, or nothing yet. */
export interface ReceiverForm {
  receiver_name: string
  receiver_phone: string
  region: { code: string; name: string }[]
  street: string
}

export const emptyReceiver = (): ReceiverForm => ({
  receiver_name: '',
  receiver_phone: '',
  region: [],
  street: '',
})

export const formOf = (address: Schema<'Receiver'>): ReceiverForm => ({
  receiver_name: address.receiver_name,
  receiver_phone: shownPhone(address.receiver_phone),
  region: address.region_code
    ? [address.province, address.city, address.district].flatMap((name) => (name ? { code: address.region_code!, name } : []))
    : [],
  street: address.street,
})

export const receiverOf = ({ receiver_name, receiver_phone, region, street }: ReceiverForm) => ({
  receiver_name: receiver_name.trim(),
  receiver_phone: receiver_phone.trim(),
  region_code: region[region.length - 1]?.code ?? '',
  street: street.trim(),
})

// a slip of the finger; landlines, extensions and numbers of elsewhere are the server's to read
const isDialled = (phone: string) => (phone.startsWith('1') ? /^1[3-9]\d{9}(?!\d)/.test(phone) : phone.replace(/\D/g, '').length > 6)

/** What is missing or cannot be, by field; the rest is the server's to say. */
export function errorsOf(form: ReceiverForm): Record<string, string> {
  const errors: Record<string, string> = {}
  if (!form.receiver_name.trim()) errors.receiver_name = '请填写收货人'
  if (!form.receiver_phone.trim()) errors.receiver_phone = '请填写手机号'
  else if (!isDialled(form.receiver_phone.trim())) errors.receiver_phone = '手机号不对，请核对'
  if (!form.region.length) errors.region_code = '请选择所在地区'
  if (!form.street.trim()) errors.street = '请填写详细地址'
  return errors
}

export async function parseAddress(pasted: string, partsOf: PartsOf): Promise<ReceiverForm> {
  const result = emptyReceiver()
  let text = pasted.normalize('NFKC').replace(LABELS, ' ')
  const phone = PHONE.exec(text)
  if (phone) {
    result.receiver_phone = phone[4]?.replace('-', '') ?? `${phone[1]}${phone[2]}${phone[3]}`
    text = text.replace(phone[0], ' ')
  }
  text = text.replace(/[,，;；、\n\t]+/g, ' ').replace(/\s+/g, ' ').trim()

  const province = named(text, await partsOf())
  let street = ''
  if (province) {
    const before = text.slice(0, province.from).trim()
    let rest = text.slice(province.to)
    result.region.push(province.part)
    let parts = province.part.has_parts ? await partsOf(province.part.code) : []
    for (let level = 0; parts.length && level < 2; level++) {
      let hit = named(rest.slice(0, 30), parts)
      // 北京市海淀区: the level between is left out in speech
      if (!hit && level === 0) {
        const below = parts.length <= 3 ? parts.filter((part) => part.has_parts) : []
        for (const part of below) {
          const districts = await partsOf(part.code)
          hit = named(rest.slice(0, 30), districts)
          if (hit) {
            result.region.push(part)
            break
          }
        }
        level = 1
      }
      if (!hit) break
      result.region.push(hit.part)
      rest = rest.slice(hit.to)
      parts = hit.part.has_parts ? await partsOf(hit.part.code) : []
    }
    // a region that is not named down to its smallest part is for the picker
    if (parts.length) result.region = []
    street = rest.replace(/^[省市区县\s]+/, '').trim()
    text = before
  }
  const words = text.split(' ').filter(Boolean)
  const tail = street.split(' ').filter(Boolean)
  const isName = (word = '', longest = 12) => /^[\u4e00-\u9fa5·a-zA-Z]+$/.test(word) && word.length <= longest
  const nameAt = words.findIndex((word) => isName(word) && word.length > 1)
  if (nameAt >= 0) [result.receiver_name] = words.splice(nameAt, 1)
  else if (tail.length > 1 && isName(tail[tail.length - 1], 4)) result.receiver_name = tail.pop()!
  else if (tail.length > 1 && isName(tail[0], 4)) result.receiver_name = tail.shift()!
  result.region = result.region.map(({ code, name }) => ({ code, name }))
  result.street = (province ? tail : words).join(' ')
  return result
}
