import { reactive } from 'vue'
import { ApiError } from '@/api/client'
import { useCart } from '@/stores/cart'
import { useSession } from '@/stores/session'
import { confirm } from '@/utils/dialog'
import { toast } from '@/utils/toast'

/** What went wrong, in words. */
export function told(error: unknown) {
  return error instanceof ApiError ? error.detail : '没有成功，请再试一次'
}

/** Whether a member is at it: asks to log in; dealers and staff are asked to go on as the members that they are. */
export async function asMember(): Promise<boolean> {
  const session = useSession()
  if (session.isLoggedIn && session.role !== 'member') {
    if (!(await confirm({ message: '购买商品需要使用会员身份，现在切换？', ok: '切换' }))) return false
    try {
      await session.switchRole('member')
    } catch (error) {
      toast(told(error))
      return false
    }
  }
  return session.requireLogin('member')
}

/** Put pieces into the cart and say so. */
export function useAddToCart() {
  const cart = useCart()
  const busy = reactive(new Set<string>())
  async function add(id: string, quantity = 1) {
    if (busy.has(id)) return
    busy.add(id)
    try {
      if (!(await asMember())) return
      await cart.add(id, quantity)
      toast('已加入购物车')
    } catch (error) {
      toast(told(error))
    } finally {
      busy.delete(id)
    }
  }
  return Object.assign(add, { busy })
}
