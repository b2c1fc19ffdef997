import { t } from '@/locale'
/** Ask; whether the user said yes. */
export function confirm(asked: { title?: string; message: string; ok?: string; cancel?: string }): Promise<boolean> {
  return new Promise((resolve) =>
    uni.showModal({
      title: asked.title ?? t('请确认'),
      content: asked.message,
      confirmText: asked.ok ?? t('确定'),
      cancelText: asked.cancel ?? t('取消'),
      confirmColor: '#b4472b',
      success: ({ confirm: yes }) => resolve(yes),
      fail: () => resolve(false),
    }),
  )
}

/** Tell something that must be read. */
export function alert(asked: { title?: string; message: string; ok?: string }): Promise<void> {
  return new Promise((resolve) =>
    uni.showModal({
      title: asked.title ?? t('提示'),
      content: asked.message,
      confirmText: asked.ok ?? t('知道了'),
      showCancel: false,
      confirmColor: '#b4472b',
      complete: () => resolve(),
    }),
  )
}
