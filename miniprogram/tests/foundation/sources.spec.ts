import pages from '@/pages.json'

const texts = import.meta.glob('../../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true }) as Record<string, string>
const sources = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path.replace('../../src/', ''), text]))
const packages: { root: string; pages: { path: string }[] }[] = pages.subPackages
const registered = [
  ...pages.pages.map(({ path }) => path),
  ...packages.flatMap(({ root, pages: inside }) => inside.map(({ path }) => `${root}/${path}`)),
]

it('every registered page has its file, once', () => {
  expect(registered.filter((path) => !sources[`${path}.vue`])).toEqual([])
  expect(new Set(registered).size).toBe(registered.length)
})

it('every page file is registered', () => {
  const files = Object.keys(sources).filter((path) => /(^|\/)pages\/.*\.vue$/.test(path))
  expect(files.filter((path) => !registered.includes(path.replace(/\.vue$/, '')))).toEqual([])
})

it('sources lead to pages that exist', () => {
  const wrong = Object.entries(sources).flatMap(([path, text]) =>
    [...text.matchAll(/['"`]\/((?:pages|packages\/\w+\/pages)\/[\w/-]+)/g)]
      .filter(([, page]) => !registered.includes(page))
      .map(([, page]) => `${path}: ${page}`),
  )
  expect(wrong).toEqual([])
})

it('packages do not import from each other', () => {
  const wrong = Object.entries(sources).filter(([path, text]) => {
    const own = /^packages\/(\w+)\//.exec(path)?.[1]
    return own && [...text.matchAll(/from ['"]@\/packages\/(\w+)/g)].some(([, other]) => other !== own)
  })
  expect(wrong.map(([path]) => path)).toEqual([])
})

it('what can be tapped says so, and is reached by keyboard', () => {
  // what only repeats the link or the box beside it, for the finger
  const repeats = ['<text @click="agreed = !agreed">', '<text @click="accepted = !accepted">', '<view class="picture" @click="open">', '<view class="product"']
  const wrong = Object.entries(sources).flatMap(([path, text]) =>
    [...text.matchAll(/<(?:view|text|image)((?:\s+[^\s"'>=]+(?:="[^"]*")?)*)\s*\/?>/g)]
      .filter(([tag, words]) => {
        const isTapped = /@click(\.stop)?=/.test(words) || /\srole="(button|link|tab|checkbox|radio)"/.test(words)
        return isTapped && !(/\s:?role="/.test(words) && /\s:?tabindex="/.test(words)) && !repeats.some((one) => tag.startsWith(one))
      })
      .map(([tag]) => `${path}: ${tag}`),
  )
  expect(wrong).toEqual([])
})
