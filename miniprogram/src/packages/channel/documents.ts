import { api, ApiError } from '@/api/client'
import type { Schema } from '@/api/types'

export type CardOrder = Schema<'CardOrderDetailOut'>
export type Kind = Schema<'CardOrderIn'>['kind']
export type Step = 'submit' | 'confirm' | 'receive' | 'reject' | 'cancel' | 'close'

const STEP_PATHS = {
  submit: '/dealer/card-orders/{order_id}/submit',
  confirm: '/dealer/card-orders/{order_id}/confirm',
  cancel: '/dealer/card-orders/{order_id}/cancel',
} as const

const REASON_PATHS = {
  reject: '/dealer/card-orders/{order_id}/reject',
  close: '/dealer/card-orders/{order_id}/close',
} as const

export function takeStep(id: string, step: 'submit' | 'confirm' | 'cancel', key: string): Promise<CardOrder> {
  return api.post(STEP_PATHS[step], { path: { order_id: id }, key })
}

export function refuse(id: string, step: 'reject' | 'close', reason: string, key: string): Promise<CardOrder> {
  return api.post(REASON_PATHS[step], { path: { order_id: id }, body: { reason }, key })
}

export function receive(id: string, chosen: Schema<'ReceiptIn'>, key: string): Promise<CardOrder> {
  return api.post('/dealer/card-orders/{order_id}/receive', { path: { order_id: id }, body: chosen, key })
}

/**
 * Make a document and take it through `steps`; all keys follow from one, so that a repetition finds what was done.
 * A step that is refused leaves the document as it is then: its page says what can be done with it.
 */
export async function makeDocument(
  body: Schema<'CardOrderIn'>,
  steps: ('submit' | 'confirm')[],
  key: string,
): Promise<{ order: CardOrder; refusal: string | null }> {
  let order: CardOrder = await api.post('/dealer/card-orders', { body, key })
  for (const step of steps) {
    try {
      order = await takeStep(order.id, step, `${key}-${step}`)
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
        return { order, refusal: error.detail }
      }
      throw error
    }
  }
  return { order, refusal: null }
}
