import { ref } from 'vue'
import { api, type ApiError } from '@/api/client'
import type { Schema } from '@/api/types'
import { toast } from '@/utils/toast'

const PAUSE = 60

/** The button that sends a code by SMS, and how long until it may again. */
export function useCode(phone: () => string, purpose: Schema<'CodeIn'>['purpose']) {
  const left = ref(0)
  const busy = ref(false)
  let ticking: ReturnType<typeof setInterval> | undefined

  function wait() {
    left.value = PAUSE
    ticking = setInterval(() => --left.value || clearInterval(ticking), 1000)
  }

  async function send() {
    if (busy.value || left.value) return
    busy.value = true
    try {
      await api.post('/auth/sms-codes', { body: { phone: phone(), purpose } })
      toast('验证码已发送')
      wait()
    } catch (error) {
      toast((error as ApiError).detail)
      if ((error as ApiError).status === 429) wait() // one is on its way: only the answer was lost
    } finally {
      busy.value = false
    }
  }
  return { left, busy, send, stop: () => clearInterval(ticking) }
}
