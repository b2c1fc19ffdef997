import { defineStore } from 'pinia'
import { ref } from 'vue'
import { speak } from '@/api/client'
import { i18n, type Language } from '@/locale'

const KEY = 'crab.settings'

export const useSettings = defineStore('settings', () => {
  const kept = uni.getStorageSync(KEY) || {}
  const bigText = ref<boolean>(Boolean(kept.bigText))
  const language = ref<Language>(kept.language === 'en' ? 'en' : 'zh-Hans')

  function apply() {
    i18n.global.locale.value = language.value
    speak(language.value === 'en' ? 'en' : 'zh-CN')
  }
  function change(values: { bigText?: boolean; language?: Language }) {
    if (values.bigText !== undefined) bigText.value = values.bigText
    if (values.language) language.value = values.language
    uni.setStorageSync(KEY, { bigText: bigText.value, language: language.value })
    apply()
  }
  apply()
  return { bigText, language, change }
})
