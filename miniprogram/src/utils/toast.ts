export function toast(text: string) {
  if (text) uni.showToast({ title: text, icon: 'none', duration: text.length > 12 ? 3000 : 2000 })
}
