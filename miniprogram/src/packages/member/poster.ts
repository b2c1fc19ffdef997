declare const wx: any

/** The poster of an invitation, drawn on the page's canvas. Sizes in px of the picture. */
export const POSTER = { width: 300, height: 420 }

interface Poster {
  shop: string
  name: string
  picture: string
}

export async function drawPoster(canvasId: string, { shop, name, picture }: Poster): Promise<string> {
  const code = await localPicture(picture)
  const context = uni.createCanvasContext(canvasId)
  const { width, height } = POSTER
  const background = context.createLinearGradient(0, 0, width, height)
  background.addColorStop(0, '#b4472b')
  background.addColorStop(1, '#8c3320')
  context.setFillStyle(background as any)
  context.fillRect(0, 0, width, height)
  context.setFillStyle('#ffffff')
  context.setTextAlign('center')
  context.setFontSize(22)
  context.fillText(shop, width / 2, 64, width - 32)
  context.setFontSize(16)
  context.fillText(`${name} 邀请您成为会员`, width / 2, 98, width - 32)
  context.fillRect(50, 126, 200, 200)
  context.drawImage(code, 60, 136, 180, 180)
  context.fillText('扫码注册，享会员价', width / 2, 366, width - 32)
  await new Promise<void>((resolve) => context.draw(false, () => resolve()))
  return new Promise((resolve, reject) =>
    uni.canvasToTempFilePath({
      canvasId,
      fileType: 'png',
      destWidth: width * 3,
      destHeight: height * 3,
      success: ({ tempFilePath }) => resolve(tempFilePath),
      fail: reject,
    }),
  )
}

/** WeChat draws files, not data: URLs. */
async function localPicture(src: string): Promise<string> {
  // #ifdef MP-WEIXIN
  if (src.startsWith('data:')) {
    const path = `${wx.env.USER_DATA_PATH}/invitation.png`
    uni.getFileSystemManager().writeFileSync(path, src.slice(src.indexOf(',') + 1), 'base64')
    return path
  }
  // #endif
  return src
}
