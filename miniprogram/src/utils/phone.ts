/** '+8613800138000' → '13800138000'; numbers of other countries stay whole. */
export function shownPhone(phone?: string | null): string {
  return (phone ?? '').replace(/^\+86(?=1\d{10}$)/, '')
}
