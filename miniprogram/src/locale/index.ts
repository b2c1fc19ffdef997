import { createI18n } from 'vue-i18n'
import en from './en'

export type Language = 'zh-Hans' | 'en'

/** Keys are the Chinese texts themselves, so that a page can be read. */
export const chinese = (texts: Record<string, string>) => Object.fromEntries(Object.keys(texts).map((text) => [text, text]))

export const i18n = createI18n({
  legacy: false,
  globalInjection: true,
  locale: 'zh-Hans' as Language,
  fallbackLocale: 'zh-Hans',
  messages: { 'zh-Hans': chinese(en), en } as any,
}) as any

/** What a text is in the language of the user. */
export const t = (text: string, values: Record<string, unknown> = {}): string =>
  // one of something is said otherwise in English: '{n} card | {n} cards'
  typeof values.n === 'number' ? i18n.global.t(text, values, values.n) : i18n.global.t(text, values)
