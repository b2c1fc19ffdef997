export interface Chosen {
  numbers: string[]
  ranges: [string, string][]
}

/** Numbers and ranges (first-last) that were typed, pasted or scanned; each once. */
export function parseNumbers(text: string): Chosen {
  const chosen: Chosen = { numbers: [], ranges: [] }
  for (const part of new Set(text.split(/[\s,，、;；]+/).filter(Boolean))) {
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
