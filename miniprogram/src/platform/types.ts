import type { Schema } from '@/api/types'

export interface ChosenAddress {
  name: string
  phone: string
  province: string
  city: string
  district: string
  street: string
}
export type Paid = 'paid' | 'cancelled' | 'left'

/** What WeChat and a browser do each in their way. Whoever cancels gets null or false, not an error. */
export interface Platform {
  isWechat: boolean
  /** What to ask `POST /orders/{id}/pay` for. */
  tradeType: Schema<'PayIn'>['trade_type']
  /** The `js_code` of who uses this phone. Throws where there is no WeChat. */
  login(): Promise<string>
  /** `code` of `@getphonenumber` of a button with open-type getPhoneNumber; null: not given. */
  getPhone(event: any): string | null
  /** Pay; `left`: the browser goes to the provider's page and comes back to the address it left. */
  pay(payment: Schema<'Payment'>, back?: string): Promise<Paid>
  /** Share an address: WeChat shares by the page's onShareAppMessage; a browser shares or copies. */
  share(what: { title: string; link: string }): Promise<void>
  /** The messages that WeChat can send of these events; to be asked for before the tap in which `subscribe` is called. */
  noticesFor(events: string[]): Promise<string[]>
  /** Ask for consent to one of each; whether to any. WeChat asks only at once in a tap: nothing may be waited for before. */
  subscribe(notices: string[]): Promise<boolean>
  /** The text of a bar or QR code; null: nothing scanned. */
  scan(): Promise<string | null>
  saveImage(src: string): Promise<boolean>
  contactService(): Promise<void>
  chooseAddress(): Promise<ChosenAddress | null>
  copy(text: string, told?: string): Promise<void>
  /** Pictures of the album or the camera, as paths to show and upload. */
  chooseImages(count: number): Promise<string[]>
  /** Show or forward a downloaded document. */
  openDocument(file: string, name: string): Promise<void>
}
