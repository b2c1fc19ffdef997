import { mount } from '@vue/test-utils'
import { ApiError } from '@/api/client'
import AppError from '@/components/app-error.vue'

const shown = (status: number) => mount(AppError, { props: { error: new ApiError(status, 'http', '原因') } })

it.each([
  [0, '重试'],
  [500, '重试'],
  [429, '重试'],
  [401, '登录'],
  [403, '返回'],
  [404, '返回'],
])('after %i there is a way out that helps: %s', (status, way) => {
  expect(shown(status).find('.app-button').text()).toBe(way)
  expect(shown(status).text()).toContain('原因')
})

it('asks again, or goes back where asking again is of no use', async () => {
  const passing = shown(500)
  await passing.find('.app-button').trigger('click')
  expect(passing.emitted('retry')).toHaveLength(1)
  expect(uni.switchTab).not.toHaveBeenCalled()

  const final = shown(403)
  await final.find('.app-button').trigger('click')
  expect(final.emitted('retry')).toBeUndefined()
  expect(uni.switchTab).toHaveBeenCalled() // opened by a link: nothing lies below
})
