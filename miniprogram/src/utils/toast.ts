let isOdd = false

export function toast(text: string) {
  if (!text) return
  // in a browser uni gives one that takes another's place a time of its own only where the two times differ
  isOdd = !isOdd
  uni.showToast({ title: text, icon: 'none', duration: (text.length > 12 ? 3000 : 2000) + Number(isOdd) })
}
