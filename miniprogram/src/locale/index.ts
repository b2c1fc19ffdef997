import { createI18n } from 'vue-i18n'
import en from './en.json'
import zh from './zh-Hans.json'

export type Language = 'zh-Hans' | 'en'

export const i18n = createI18n({
  legacy: false,
  globalInjection: true,
  locale: 'zh-Hans' as Language,
  fallbackLocale: 'zh-Hans',
  messages: { 'zh-Hans': zh, en } as any,
}) as any

/** What a text is in the language of the user, for staff-facing texts outside of components. */
export const t = i18n.global.t as (key: string, values?: Record<string, unknown>) => string
