export interface Poster {
  title: string
  subtitle: string
  foot: string
}

export const WIDTH = 600
export const HEIGHT = 840

/** Lines of at most `width`, broken anywhere in Chinese, between the words of other languages; at most `count` of them, the last one cut. */
export function wrap(text: string, width: number, measure: (part: string) => number, count = 2): string[] {
  const lines = ['']
  for (const letter of text.match(/[!-~]+ ?|./gu) ?? []) {
    if (measure(lines[lines.length - 1] + letter) <= width) lines[lines.length - 1] += letter
    else if (lines.length < count) lines.push(letter)
    else {
      lines[lines.length - 1] = `${lines[lines.length - 1].slice(0, -1)}…`
      break
    }
  }
  return lines
}

/** Draw on a 2d canvas of WIDTH × HEIGHT; `qr` is a loaded picture. */
export function draw(context: CanvasRenderingContext2D, qr: CanvasImageSource, poster: Poster) {
  context.fillStyle = '#b4472b'
  context.fillRect(0, 0, WIDTH, HEIGHT)
  context.fillStyle = '#ffffff'
  context.fillRect(40, 220, WIDTH - 80, HEIGHT - 260)
  context.textAlign = 'center'
  context.font = 'bold 40px sans-serif'
  wrap(poster.title, WIDTH - 80, (part) => context.measureText(part).width).forEach((line, place) =>
    context.fillText(line, WIDTH / 2, 90 + place * 52),
  )
  context.font = '28px sans-serif'
  context.fillText(poster.subtitle, WIDTH / 2, 196)
  context.drawImage(qr, 100, 260, 400, 400)
  context.fillStyle = '#2b2622'
  wrap(poster.foot, WIDTH - 120, (part) => context.measureText(part).width).forEach((line, place) =>
    context.fillText(line, WIDTH / 2, 710 + place * 40),
  )
}
