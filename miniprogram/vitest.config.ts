import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const native = ['view', 'text', 'image', 'button', 'input', 'textarea', 'picker', 'scroll-view', 'swiper', 'swiper-item',
  'rich-text', 'canvas', 'web-view', 'switch', 'checkbox', 'checkbox-group', 'radio', 'radio-group', 'label', 'form',
  'navigator', 'block', 'video', 'picker-view', 'picker-view-column', 'progress', 'slider']

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: {
    isCustomElement: (tag) => tag.startsWith('wd-') || native.includes(tag),
  } } })],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: { environment: 'jsdom', globals: true, setupFiles: ['./tests/setup.ts'], include: ['tests/**/*.spec.ts'] },
})
