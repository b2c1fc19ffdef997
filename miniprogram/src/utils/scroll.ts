import { getCurrentInstance } from 'vue'

/** A function that brings a part of this component into sight; to be made in its setup. */
export function useReveal() {
  const owner = getCurrentInstance()?.proxy
  return (selector: string) =>
    uni
      .createSelectorQuery()
      .in(owner)
      .select(selector)
      .boundingClientRect()
      .selectViewport()
      .scrollOffset(() => undefined)
      .exec(([part, view]) => part && uni.pageScrollTo({ scrollTop: Math.max(0, view.scrollTop + part.top - 80), duration: 200 }))
}
