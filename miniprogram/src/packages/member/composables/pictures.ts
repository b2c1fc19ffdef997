import { pictureOf } from '@/api/client'

/** Show pictures as large as the screen. */
export function preview(pictures: string[], current = 0) {
  uni.previewImage({ urls: pictures.map(pictureOf), current })
}
