import { reactive, watch } from 'vue'
import { api } from '@/api/client'
import type { Schema } from '@/api/types'
import { useSession } from '@/stores/session'

/** Prices of the level of the one who is logged in; what has none is shown at its retail price. */
export function useOwnPrices() {
  const session = useSession()
  const prices = reactive<Record<string, Schema<'OwnPrice'>>>({})

  // nobody sees what somebody else would pay
  watch(() => session.role, () => Object.keys(prices).forEach((id) => delete prices[id]))

  async function ask(ids: string[]) {
    if (!session.isLoggedIn || !ids.length) return
    const asker = session.role
    const found = await api.get('/catalog/prices', { query: { ids: ids.join(',') } }).catch(() => [])
    if (session.role !== asker) return
    for (const price of found) prices[price.product_id] = price
  }

  return { prices, ask }
}
