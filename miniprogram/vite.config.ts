import { defineConfig, type Plugin } from 'vite'
import uni from '@dcloudio/vite-plugin-uni'

const api = process.env.CRAB_API || 'http://127.0.0.1:8069'

// wot and uni-h5 name fonts and pictures of other hosts; nothing of ours comes from elsewhere
function withoutOtherHosts(code: string) {
  return code
    .replace(/url\((["']?)(https?:)?\/\/at\.alicdn\.com[^)]*\)\s*format\(["']?\w+["']?\),?\s*/g, '')
    .replace(/https:\/\/cdn\.dcloud\.net\.cn\/img\/shadow-\w+\.png/g, 'data:,')
}

// uni's picture says nothing to who hears the page; what it is stands on the element around it
const pictureIsSilent: Plugin = {
  name: 'picture-is-silent',
  enforce: 'pre',
  transform: (code, id) =>
    /uni-h5\.es\.js/.test(id) ? { code: code.replace('img.draggable = props2.draggable;', "img.alt = ''; $&"), map: null } : null,
}

const noOtherHosts: Plugin = {
  name: 'no-other-hosts',
  enforce: 'post',
  transform: (code) => (/at\.alicdn\.com|cdn\.dcloud\.net\.cn/.test(code) ? { code: withoutOtherHosts(code), map: null } : null),
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = withoutOtherHosts(file.code)
      else if (typeof file.source === 'string') file.source = withoutOtherHosts(file.source)
    }
  },
}

// what every page needs comes in one piece: a phone far away waits for the number of requests, not for their size
function together(id: string) {
  if (/[\\/]src[\\/](api|composables|stores|utils|platform)[\\/]/.test(id)) return 'common'
  if (/[\\/]src[\\/]components[\\/](?!app-qr)/.test(id)) return 'common'
  if (/[\\/]src[\\/]pages[\\/]home[\\/]/.test(id)) return 'common' // where most begin
}

export default defineConfig({
  base: './',
  plugins: [pictureIsSilent, noOtherHosts, uni()],
  define: { __INTLIFY_JIT_COMPILATION__: true }, // neither WeChat nor our policy for browsers lets code be made of text
  build: {
    target: 'es2015',
    rollupOptions: process.env.UNI_PLATFORM === 'h5' ? { output: { manualChunks: together } } : {},
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(['/api', '/web', '/crab', '/payment'].map((path) => [path, api])),
  },
})
