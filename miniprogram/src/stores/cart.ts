import { defineStore } from 'pinia'
import { ref } from 'vue'

/** How much is in the cart, for the badges. */
export const useCart = defineStore('cart', () => {
  const count = ref(0)
  return { count }
})
