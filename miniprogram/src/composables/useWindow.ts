import { computed, ref, shallowRef, type Ref } from 'vue'

/**
 * The rows of a long list that are near the screen, each as high as it is: a list of a thousand stays as quick as one
 * of twenty. `guess` is the height of a row that was not drawn yet; what is drawn says its own with `measured`.
 */
export function useWindow<T>(items: Ref<readonly T[]>, height: Ref<number>, guess: number, near = 1000) {
  const top = ref(0)
  const heights = shallowRef<Record<number, number>>({})
  const ends = computed(() => {
    let end = 0
    return items.value.map((_, n) => (end += heights.value[n] ?? guess))
  })
  const end = computed(() => ends.value[ends.value.length - 1] ?? 0)
  const first = computed(() => {
    const edge = Math.min(top.value, end.value) - near
    return Math.max(0, ends.value.findIndex((one) => one > edge))
  })
  const last = computed(() => {
    const edge = top.value + height.value + near
    const found = ends.value.findIndex((one) => one >= edge)
    return found < 0 ? items.value.length - 1 : found
  })
  const shown = computed(() => items.value.slice(first.value, last.value + 1))
  const before = computed(() => ends.value[first.value - 1] ?? 0)
  const after = computed(() => end.value - (ends.value[last.value] ?? 0))

  /** How high rows are, by their place in the list. */
  function measured(rows: Record<number, number>) {
    const changed = Object.entries(rows).some(([n, high]) => Math.abs((heights.value[+n] ?? 0) - high) > 0.1)
    if (changed) heights.value = { ...heights.value, ...rows }
  }
  return { top, first, shown, before, after, measured }
}
