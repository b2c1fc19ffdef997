import { mount } from '@vue/test-utils'
import { nextTick } from 'vue'
import AppPage from '@/components/app-page.vue'
import { pageHooks } from '../setup'

it('a page below does not write its title over that of the page on top', async () => {
  const page = mount(AppPage, { props: { title: 'Settings' } })
  expect(uni.setNavigationBarTitle).toHaveBeenLastCalledWith({ title: 'Settings' })
  await pageHooks.onHide()
  await page.setProps({ title: '设置' })
  expect(uni.setNavigationBarTitle).toHaveBeenCalledTimes(1)
  await pageHooks.onShow()
  await nextTick()
  expect(uni.setNavigationBarTitle).toHaveBeenLastCalledWith({ title: '设置' })
})
