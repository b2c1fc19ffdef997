import { getCurrentInstance, onMounted } from 'vue'

/** In a browser uni's input gets no attributes: whoever hears the page instead of seeing it needs a name on it. */
export function useLabelled(label: () => string | undefined, which = 'input, textarea') {
  // #ifdef H5
  const instance = getCurrentInstance()
  onMounted(() => {
    const root = instance?.proxy?.$el as HTMLElement | undefined
    const name = label()
    if (!name || !root?.querySelectorAll) return
    root.querySelectorAll(which).forEach((input) => input.setAttribute('aria-label', name))
  })
  // #endif
}
