export interface Poster {
  name: string
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
  const lines = (text: string, top: number, height: number, width: number, count = 2) =>
    wrap(text, width, (part) => context.measureText(part).width, count).forEach((line, place) =>
      context.fillText(line.trim(), WIDTH / 2, top + place * height),
    )
  context.font = '30px sans-serif'
  lines(poster.name, 72, 38, WIDTH - 80, 1)
  context.font = `bold ${context.measureText(poster.title).width > WIDTH - 160 ? 34 : 42}px sans-serif`
  lines(poster.title, 128, 44, WIDTH - 80)
  context.fillStyle = '#2b2622'
  context.font = 'bold 30px sans-serif'
  lines(poster.subtitle, 276, 38, WIDTH - 120, 1)
  context.drawImage(qr, 100, 300, 400, 400)
  context.fillStyle = '#6b625a'
  context.font = '26px sans-serif'
  lines(poster.foot, 742, 34, WIDTH - 120)
}
