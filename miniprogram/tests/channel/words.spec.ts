import shared from '@/locale/en'
import en from '@/packages/channel/locale/en'
import pages from '@/pages.json'

const sources = import.meta.glob<string>('../../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
const own = Object.entries(sources).filter(([path]) => path.includes('/packages/channel/'))
const wordsOf = (found: [string, string][]) => found.flatMap(([, source]) => [...source.matchAll(/\bt\('([^']+)'/g)].map(([, text]) => text))

it('every text of the package is in English too', () => {
  const texts = wordsOf(own)
  expect(texts.length).toBeGreaterThan(100)
  expect(texts.filter((text) => !(text in en) && !(text in shared))).toEqual([])
})

it('what it uses of the others is in English too', () => {
  const texts = wordsOf(Object.entries(sources).filter(([path]) => !path.includes('/packages/')))
  expect(texts.length).toBeGreaterThan(20)
  expect(texts.filter((text) => !(text in shared))).toEqual([])
})

it('every page has its title in the language of the user', () => {
  const registered = pages.subPackages.find(({ root }) => root === 'packages/channel')!.pages
  const wrong = registered.filter(({ path, style }) => {
    const source = sources[`../../src/packages/channel/${path}.vue`]
    // a new document is named by its kind
    return !source.includes(path === 'pages/card-order-new' ? '<app-page :title="t(TITLES[kind])"' : `<app-page :title="t('${style.navigationBarTitleText}')"`)
  })
  expect(wrong.map(({ path }) => path)).toEqual([])
})
