import en from '@/packages/channel/locale/en'

const sources = import.meta.glob<string>('../../src/packages/channel/**/*.{vue,ts}', {
  query: '?raw',
  import: 'default',
  eager: true,
})

it('every text of the package is in English too', () => {
  const texts = Object.values(sources).flatMap((source) => [...source.matchAll(/\bt\('([^']+)'/g)].map(([, text]) => text))
  expect(texts.length).toBeGreaterThan(100)
  expect(texts.filter((text) => !(text in en))).toEqual([])
})
