import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api } from '@/api/client'
import { keepTokens, onTokens, tokens, type Tokens } from '@/api/tokens'
import type { Role, Schema } from '@/api/types'
import { forgetDrafts } from '@/composables/useDraft'
import { platform } from '@/platform'
import { restart } from '@/utils/nav'

export type Me = Schema<'Me'> | Schema<'DealerMeOut'> | Schema<'StaffMeOut'>
type Entered = Schema<'TokensOut'>

export const useSession = defineStore('session', () => {
  const role = ref<Role | null>(tokens()?.role ?? null)
  const me = shallowRef<Me | null>(null)
  const isLoggedIn = computed(() => role.value !== null)
  const member = computed(() => (role.value === 'member' ? (me.value as Schema<'Me'> | null) : null))
  const dealer = computed(() => (role.value === 'dealer' ? (me.value as Schema<'DealerMeOut'> | null) : null))
  const staff = computed(() => (role.value === 'staff' ? (me.value as Schema<'StaffMeOut'> | null) : null))
  let waiting: ((entered: boolean) => void)[] = []
  let awaited: Role = 'member'
  let before: Role | null = null // of the session that was over, whose pages may lie below

  onTokens((found) => {
    if (found?.role !== role.value) me.value = null
    if (!found) before = role.value
    role.value = found?.role ?? null
  })

  function enter(found: Entered) {
    me.value = null
    keepTokens(found)
    return found
  }

  /** `invite`: token or code of an invitation that brought a new person here. */
  const loginSms = async (body: Schema<'LoginSmsIn'>) => enter(await api.post('/auth/login/sms', { body }))
  const loginPassword = async (body: Schema<'LoginPasswordIn'>) => enter(await api.post('/auth/login/password', { body }))

  /** By WeChat; `phoneCode` is of the button that shares the number. Throws 409 `phone_required` without it. */
  async function loginWechat(options: { phoneCode?: string; invite?: string; role?: Role } = {}) {
    const js_code = await platform.login()
    return enter(
      await api.post('/auth/login/wechat', {
        body: { js_code, phone_code: options.phoneCode, invite: options.invite, role: options.role },
      }),
    )
  }

  /** Set, change or replace a forgotten password; all other sessions end. */
  const setPassword = async (body: Schema<'PasswordIn'>) => enter(await api.put('/auth/password', { body }))
  const setPhone = async (body: Schema<'PhoneIn'>) => enter(await api.put('/auth/phone', { body }))

  const roles = () => api.get('/auth/roles')

  /** Go on in another role without logging in again. */
  async function switchRole(wanted: Role) {
    if (wanted !== role.value) enter(await api.post('/auth/switch', { body: { role: wanted } }))
  }

  async function logout() {
    try {
      await api.post('/auth/logout')
    } catch {
      // it ends here in any case
    }
    end()
  }

  /** The session is over already (account closed, logged out). */
  function end() {
    keepTokens(null)
    before = null
    me.value = null
    forgetDrafts()
  }

  async function loadMe(): Promise<Me | null> {
    const now = role.value
    if (!now) return (me.value = null)
    const path = { member: '/member/me', dealer: '/dealer/me', staff: '/staff/me' } as const
    const found: Me = await api.get(path[now])
    if (role.value === now) me.value = found
    return found
  }

  /** Whether somebody is logged in, after asking for it on the login page if need be. */
  function requireLogin(wanted?: Role): Promise<boolean> {
    if (role.value && (!wanted || role.value === wanted)) return Promise.resolve(true)
    return new Promise((resolve) => {
      waiting.push(resolve)
      awaited = wanted ?? before ?? 'member'
      if (waiting.length === 1) uni.navigateTo({ url: `/pages/login/index${wanted ? `?role=${wanted}` : ''}` })
    })
  }

  /** The login page was left. */
  function answerWaiting() {
    const all = waiting
    waiting = []
    all.forEach((resolve) => resolve(isLoggedIn.value))
  }
  /** Whether a page waits for the one who is logged in now. */
  const isAwaited = () => waiting.length > 0 && role.value === awaited

  function restartAsRole() {
    restart(role.value === 'member' || !role.value ? '/pages/home/index' : '/pages/mine/index')
  }

  return {
    role, me, member, dealer, staff, isLoggedIn,
    loginSms, loginPassword, loginWechat, setPassword, setPhone, enter,
    roles, switchRole, logout, end, loadMe, requireLogin, answerWaiting, isAwaited, restartAsRole,
  }
})

export type { Role, Tokens }
