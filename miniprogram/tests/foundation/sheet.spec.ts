import { mount } from '@vue/test-utils'
import { defineComponent, nextTick, ref } from 'vue'
import { expect, it, vi } from 'vitest'
import { hearBack, useSheet } from '@/composables/useSheet'

const places: number[] = []
hearBack({
  options: {
    history: {
      listen(hear) {
        addEventListener('popstate', () => {
          places.push(history.state.position)
          hear('/page', '/page', { delta: history.state.position - places.at(-2)! })
        })
      },
    },
  },
})
it('closes with each step back the sheet on top, through those that closed by themselves', async () => {
  for (const position of [0, 1]) history.pushState({ position }, '')
  places.push(1)
  const [outer, inner] = [ref(false), ref(false)]
  const sheets = defineComponent(() => {
    for (const one of [outer, inner]) useSheet(() => one.value, () => (one.value = false))
    return () => null
  })
  mount(sheets)
  async function show(...now: boolean[]) {
    for (const [n, one] of [outer, inner].entries()) {
      one.value = now[n]
      await nextTick()
    }
  }
  async function back(...now: [outer: boolean, inner: boolean, place: number]) {
    history.back()
    await vi.waitFor(() => expect([outer.value, inner.value, history.state.position]).toEqual(now))
  }
  await show(true, true)
  await back(true, false, 1)
  await show(true, true)
  await show(true, false)
  await back(false, false, 1)
  await show(true, true)
  await show(false, false)
  await show(true, false)
  await back(false, false, 1)
  await show(true, true)
  await show(false, false)
  await back(false, false, 0)
})
