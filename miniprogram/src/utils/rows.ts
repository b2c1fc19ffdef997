const SIZE = 5 // few enough that drawing them takes no more than a moment

/** The rows of a list in pieces: each can be drawn, or left out, by itself. */
export function inPieces<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / SIZE) }, (_, n) => items.slice(SIZE * n, SIZE * (n + 1)))
}
