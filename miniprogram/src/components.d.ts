// the components that easycom finds, for the type checker
export {}
declare module 'vue' {
  export interface GlobalComponents {
    AppButton: typeof import('./components/app-button.vue')['default']
    AppCellGroup: typeof import('./components/app-cell-group.vue')['default']
    AppCell: typeof import('./components/app-cell.vue')['default']
    AppCheck: typeof import('./components/app-check.vue')['default']
    AppChoice: typeof import('./components/app-choice.vue')['default']
    AppCountdown: typeof import('./components/app-countdown.vue')['default']
    AppDate: typeof import('./components/app-date.vue')['default']
    AppEmpty: typeof import('./components/app-empty.vue')['default']
    AppField: typeof import('./components/app-field.vue')['default']
    AppFoot: typeof import('./components/app-foot.vue')['default']
    AppIcon: typeof import('./components/app-icon.vue')['default']
    AppImage: typeof import('./components/app-image.vue')['default']
    AppList: typeof import('./components/app-list.vue')['default']
    AppPage: typeof import('./components/app-page.vue')['default']
    AppPicker: typeof import('./components/app-picker.vue')['default']
    AppPrice: typeof import('./components/app-price.vue')['default']
    AppQr: typeof import('./components/app-qr.vue')['default']
    AppRegion: typeof import('./components/app-region.vue')['default']
    AppRows: typeof import('./components/app-rows.vue')['default']
    AppSearch: typeof import('./components/app-search.vue')['default']
    AppSheet: typeof import('./components/app-sheet.vue')['default']
    AppSkeleton: typeof import('./components/app-skeleton.vue')['default']
    AppStepper: typeof import('./components/app-stepper.vue')['default']
    AppSteps: typeof import('./components/app-steps.vue')['default']
    AppSubmitBar: typeof import('./components/app-submit-bar.vue')['default']
    AppTabs: typeof import('./components/app-tabs.vue')['default']
    AppTag: typeof import('./components/app-tag.vue')['default']
    AppUpload: typeof import('./components/app-upload.vue')['default']
  }
}
