import { onUnmounted, watch } from 'vue'

/**
 * In browsers, back closes the sheet that is open: it has an entry of the history to itself, which the router takes for
 * its page's. A sheet that closes by itself leaves the entry behind (to drop it would break off the navigation that
 * closed it): the next step back goes through it, and what takes the page's place drops it first.
 */
const open: { place: number; close: () => void }[] = []
let depth = 0 // entries of sheets on this page, up to where one is
let then: (() => void) | undefined

const sheets = (): number => history.state?.sheets ?? 0

/** Hear of the router's steps: those back that lead to the same page are sheets'. */
export function hearBack(router: { options: { history: { listen(hear: (to: string, from: string, step: { delta: number }) => void): void } } }) {
  depth = sheets()
  router.options.history.listen((to, from, { delta }) => {
    const before = depth
    depth = sheets()
    if (delta || to !== from || depth >= before) return
    const isThrough = then
    then = undefined
    if (isThrough) return void setTimeout(isThrough)
    const above = open.filter(({ place }) => place === history.state.position).slice(depth)
    if (above.length) above.reverse().forEach(({ close }) => close())
    else history.back()
  })
}

/** Do what puts another page in this one's place. */
export function inPlace(replace: () => void): unknown {
  // #ifdef H5
  if (sheets()) {
    const isGoing = then
    then = replace
    return isGoing || history.go(-sheets())
  }
  // #endif
  return replace()
}

export function useSheet(isOpen: () => boolean, close: () => void) {
  // #ifdef H5
  const leave = () => {
    const at = open.findIndex((one) => one.close === close)
    if (at >= 0) open.splice(at, 1)
  }
  watch(isOpen, (now) => {
    if (!now) return leave()
    const place = history.state?.position
    open.push({ place, close })
    const above = open.filter((one) => one.place === place).length
    if (sheets() < above) history.pushState({ ...history.state, sheets: above }, '')
    depth = sheets()
  })
  onUnmounted(leave)
  // #endif
}
