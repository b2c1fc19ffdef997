import type { Platform } from './types'
// #ifdef MP-WEIXIN
import { mp } from './mp'
// #endif
// #ifdef H5
import { h5 } from './h5'
// #endif

let side: Platform
// #ifdef MP-WEIXIN
side = mp
// #endif
// #ifdef H5
side = h5
// #endif

export const platform = side
export const { isWechat, tradeType, login, getPhone, pay, share, noticesFor, subscribe, scan, saveImage, contactService, chooseAddress, copy, chooseImages, openDocument } = side
export type { ChosenAddress, Paid } from './types'
