import { describe, expect, it } from 'vitest'
import { emptyReceiver, errorsOf, formOf, parseAddress, receiverOf } from '@/utils/address'

const tree: Record<string, [string, string, boolean][]> = {
  '': [
    ['110000', '北京市', true],
    ['320000', '江苏省', true],
    ['450000', '广西壮族自治区', true],
    ['440000', '广东省', true],
  ],
  '110000': [['110100', '市辖区', true]],
  '110100': [
    ['110105', '朝阳区', false],
    ['110108', '海淀区', false],
  ],
  '320000': [
    ['320100', '南京市', true],
    ['320500', '苏州市', true],
  ],
  '320500': [
    ['320505', '虎丘区', false],
    ['320583', '昆山市', false],
  ],
  '440000': [['441900', '东莞市', false]],
  '450000': [['450100', '南宁市', true]],
  '450100': [['450103', '青秀区', false]],
}
const partsOf = async (parent = '') => (tree[parent] ?? []).map(([code, name, has_parts]) => ({ code, name, has_parts }))
const read = (text: string) => parseAddress(text, partsOf)

describe('a pasted address', () => {
  it.each([
    ['王芳 13800138000 江苏省苏州市虎丘区示例路8号2幢301', '王芳', '13800138000', '320505', '示例路8号2幢301'],
    ['收货人：王芳\n手机号码：138 0013 8000\n所在地区：江苏省苏州市昆山市\n详细地址：巴城镇示例路1号', '王芳', '13800138000', '320583', '巴城镇示例路1号'],
    ['江苏苏州虎丘示例路8号，王芳，+86 13800138000', '王芳', '13800138000', '320505', '示例路8号'],
    ['李明，13900139000，北京市海淀区示例大街5号', '李明', '13900139000', '110108', '示例大街5号'],
    ['北京市北京市朝阳区示例路2号 李明 13900139000', '李明', '13900139000', '110105', '示例路2号'],
    ['广西南宁市青秀区示例路3号 陈静 0771-5555555', '陈静', '07715555555', '450103', '示例路3号'],
    ['赵六 13700137000 广东省东莞市示例镇4号', '赵六', '13700137000', '441900', '示例镇4号'],
  ])('%s', async (text, name, phone, code, street) => {
    const found = await read(text)
    expect(receiverOf(found)).toEqual({ receiver_name: name, receiver_phone: phone, region_code: code, street })
  })

  it('leaves the region open where the smallest part is not named', async () => {
    const found = await read('王芳 13800138000 江苏省苏州市示例路8号')
    expect(found).toMatchObject({ region: [], street: '示例路8号' })
  })

  it('reads what there is of a text without a region', async () => {
    expect(await read('王芳 13800138000')).toEqual({ ...emptyReceiver(), receiver_name: '王芳', receiver_phone: '13800138000' })
  })
})

describe('a receiver', () => {
  it('names what is missing', () => {
    expect(Object.keys(errorsOf(emptyReceiver()))).toEqual(['receiver_name', 'receiver_phone', 'region_code', 'street'])
  })

  it.each(['12345', '1380013800', '138001380001', '12800138000', '5555'])('knows a slip of the finger: %s', (receiver_phone) =>
    expect(errorsOf({ ...emptyReceiver(), receiver_phone }).receiver_phone).toBe('手机号不对，请核对'),
  )
  it.each(['13800138000', '051212345678', '87654321', '18000000000转1234', '+85291234567'])('leaves the rest to the server: %s', (receiver_phone) =>
    expect(errorsOf({ ...emptyReceiver(), receiver_phone }).receiver_phone).toBeUndefined(),
  )

  it('goes from the address book into the form and on to the API', () => {
    const address = {
      receiver_name: '王芳', receiver_phone: '13800138000', region_code: '320505',
      province: '江苏省', city: '苏州市', district: '虎丘区', street: ' 示例路8号 ',
    }
    const form = formOf(address)
    expect(form.region.map(({ name }) => name)).toEqual(['江苏省', '苏州市', '虎丘区'])
    expect(errorsOf(form)).toEqual({})
    expect(receiverOf(form)).toEqual({ receiver_name: '王芳', receiver_phone: '13800138000', region_code: '320505', street: '示例路8号' })
  })

  it('asks again for the region of an address that has none', () => {
    const form = formOf({ receiver_name: '王', receiver_phone: '13800138000', region_code: null, province: null, city: null, district: null, street: '路' })
    expect(errorsOf(form)).toEqual({ region_code: '请选择所在地区' })
  })
})
