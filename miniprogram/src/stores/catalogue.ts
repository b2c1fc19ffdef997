import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Kind } from '@/utils/shop'

/** What the catalogue's tab shows: other pages choose it before they go there, as a tab page has no query. */
export const useCatalogue = defineStore('catalogue', () => {
  const kind = ref<Kind>('package')
  const category = ref('')
  const q = ref('')
  const isAsking = ref(false) // one comes to type
  function show(what: { kind?: Kind; category?: string; q?: string }) {
    kind.value = what.kind ?? 'package'
    category.value = what.category ?? ''
    q.value = what.q ?? ''
  }
  return { kind, category, q, isAsking, show }
})
