export interface Chosen {
  numbers: string[]
  ranges: [string, string][]
}

/** As the server spells a number, however it was typed. */
const spelled = (text: string) => text.normalize('NFKC').toUpperCase()

/** Numbers and ranges (first-last) that were typed, pasted or scanned; each once. */
export function parseNumbers(text: string): Chosen {
  const chosen: Chosen = { numbers: [], ranges: [] }
  for (const part of new Set(spelled(text).split(/[\s,、;]+/).filter(Boolean))) {
    const ends = part.split(/[-~—–至]+/).filter(Boolean)
    if (ends.length === 2) chosen.ranges.push([ends[0], ends[1]])
    else chosen.numbers.push(part)
  }
  return chosen
}

/** What a scanner read, put behind what is there; a code that holds an address ends with the number. */
export function addScanned(text: string, scanned: string): string {
  const number = scanned.trim().replace(/^https?:\/\/.*[/=]/, '')
  const parts = text.split(/\n+/).filter(Boolean)
  return number && !parts.includes(number) ? [...parts, number].join('\n') : text
}

/** First and last, written as the box takes them. */
export function rangeText(first: string, last: string): string {
  return first === last ? first : `${first}-${last}`
}

/** What is typed: the box, and a range that was not yet added to it. */
export interface Typed {
  numbers: string
  first: string
  last: string
}

/** All that was typed, as the box takes it; once more changes nothing. */
export function allTyped({ numbers, first, last }: Typed): string {
  return first.trim() ? addScanned(numbers, rangeText(first.trim(), last.trim() || first.trim())) : numbers
}

/** Why two numbers are no range, as a text; '' where they are one. */
export function rangeFault(first: string, last: string): string {
  const [from, to] = [spelled(first).trim(), spelled(last).trim()]
  if (!from || !to) return ''
  if (!runOf(from, to)) return '起始和结束卡号要前缀相同、位数相同'
  return from > to ? '起始卡号要小于结束卡号' : ''
}

/** How many different ones were typed; null where a range cannot be counted. */
export function countOf(text: string): number | null {
  const { numbers, ranges } = parseNumbers(text)
  const singles = numbers.map((one) => runOf(one, one)).filter((run) => run !== null)
  const runs = ranges.map(([first, last]) => runOf(first, last))
  if (runs.some((run) => !run || run.to < run.from)) return null
  let count = numbers.length - singles.length
  const counted: Record<string, number> = {} // up to here, of those that look alike
  for (const { head, width, from, to } of [...singles, ...runs].map((run) => run!).sort((a, b) => a.from - b.from)) {
    const look = `${head} ${width}`
    const start = Math.max(from, (counted[look] ?? -1) + 1)
    count += Math.max(0, to - start + 1)
    counted[look] = Math.max(counted[look] ?? -1, to)
  }
  return count
}

/** What was typed without some numbers: a range falls apart around each. */
export function without(text: string, refused: string[]): string {
  const bad = new Set(refused)
  const { numbers, ranges } = parseNumbers(text)
  const left = ranges.flatMap(([first, last]) => {
    const run = runOf(first, last)
    if (!run) return [rangeText(first, last)]
    const tail = (n: number) => run.head + String(n).padStart(run.width, '0')
    const stops = [...bad]
      .filter((one) => one.length === first.length && one.startsWith(run.head) && one >= first && one <= last)
      .map((one) => Number(one.slice(run.head.length)))
      .sort((a, b) => a - b)
    return [...stops, run.to + 1].flatMap((stop, place) => {
      const start = place ? stops[place - 1] + 1 : run.from
      return start < stop ? [rangeText(tail(start), tail(stop - 1))] : []
    })
  })
  return [...numbers.filter((one) => !bad.has(one)), ...left].join('\n')
}

/** What two numbers share, and the digits (few enough to count with) in which they differ. */
function runOf(first: string, last: string) {
  const digits = /\d{1,15}$/.exec(first)?.[0] ?? ''
  const head = first.slice(0, first.length - digits.length)
  if (!digits || first.length !== last.length || !last.startsWith(head) || !/^\d+$/.test(last.slice(head.length))) return null
  return { head, width: digits.length, from: Number(digits), to: Number(last.slice(head.length)) }
}
