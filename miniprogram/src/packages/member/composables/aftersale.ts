import type { Schema } from '@/api/types'

export interface AftersaleForm {
  order: string
  kind: 'refund' | 'return'
  reason: Schema<'AftersaleIn'>['reason'] | ''
  text: string
  pictures: string[]
  quantities: Record<string, number>
  numbers: string[]
}

/** The request as it is sent. Pieces alone are asked for: what they cost is the server's to say. */
export function wishOf(form: AftersaleForm) {
  const lines = Object.entries(form.quantities)
    .filter(([, quantity]) => quantity > 0)
    .map(([product_id, quantity]) => ({ product_id, quantity }))
  return {
    kind: form.kind,
    reason: form.reason as Schema<'AftersaleIn'>['reason'],
    pictures: [...form.pictures],
    lines: form.numbers.length ? [] : lines,
    numbers: [...form.numbers],
    ...(form.text.trim() ? { text: form.text.trim() } : {}),
  }
}

/** How far a request has come. */
export function stepsOf(request: Schema<'Aftersale'>) {
  const isReturn = request.kind === 'return'
  const steps = [
    { title: '提交申请', time: request.asked_at, done: true },
    { title: '商家审核', time: request.approved_at, done: !!request.approved_at },
    ...(isReturn ? [{ title: '寄回商品', time: request.sent_at, done: !!request.sent_at }] : []),
    { title: '退款完成', time: request.state === 'done' ? request.ended_at : null, done: request.state === 'done' },
  ]
  if (request.state !== 'rejected' && request.state !== 'cancelled') return steps
  return [...steps.filter((step) => step.done), { title: request.state_label, time: request.ended_at, done: true }]
}
