import { t } from '@/locale'
import { toast } from './toast'

/** Whether each picture of an app-upload has arrived; says so where one has not. */
export function areSent(pictures: string[]): boolean {
  const sent = pictures.every(Boolean)
  if (!sent) toast(t('还有图片没有传完，请稍候，或重传、删除'))
  return sent
}
