import { computed, ref, type Ref } from 'vue'

/** The rows of a long list that are near the screen: a list of a thousand stays as quick as one of twenty. */
export function useWindow<T>(items: Ref<T[]>, rowHeight: Ref<number>, height: Ref<number>, spare = 6) {
  const top = ref(0)
  const most = computed(() => Math.ceil(height.value / rowHeight.value) + 2 * spare)
  const first = computed(() =>
    Math.max(0, Math.min(Math.floor(top.value / rowHeight.value) - spare, items.value.length - most.value)),
  )
  const shown = computed(() => items.value.slice(first.value, first.value + most.value))
  const before = computed(() => first.value * rowHeight.value)
  const after = computed(() => (items.value.length - first.value - shown.value.length) * rowHeight.value)
  return { top, shown, before, after }
}
