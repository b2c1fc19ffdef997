import { wrap } from '@/packages/channel/poster'

describe('the words of a poster', () => {
  const width = (part: string) => part.length

  it('break where the line is full', () => expect(wrap('一二三四五', 3, width)).toEqual(['一二三', '四五']))
  it('are cut where there is no room', () => expect(wrap('一二三四五六七', 3, width)).toEqual(['一二三', '四五…']))
  it('break between words', () => expect(wrap('蟹店 invites you', 12, width)).toEqual(['蟹店 invites ', 'you']))
  it('stay on one line where they fit', () => expect(wrap('一二', 3, width)).toEqual(['一二']))
})
