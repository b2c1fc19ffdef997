/// <reference types="vite/client" />
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<{}, {}, any>
  export default component
}
interface ImportMetaEnv {
  /** Where the API is, e.g. https://shop.example.com; empty: the host that served the page. */
  readonly VITE_API_BASE?: string
}
