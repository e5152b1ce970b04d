import { expect } from 'chai'
import fc from 'fast-check'
import { PatternIndex } from '../../src/match/patterns.ts'
import { TopicIndex } from '../../src/match/topics.ts'
import { MATCHES, type Match } from '../../src/match/uri.ts'

describe('the index of topics', () => {
  function indexOf(...topics: string[]): TopicIndex<string> {
    const index = new TopicIndex<string>()
    for (const topic of topics) index.set(topic, topic)
    return index
  }

  const found = (index: TopicIndex<string>, match: Match, pattern: string) =>
    index.matching(match, pattern).sort()

  it('finds the topics below a prefix that may end anywhere', () => {
    const index = indexOf('a', 'a.b', 'a.bc', 'a.b.c', 'b.a')
    expect(found(index, 'prefix', 'a.b')).deep.equal(['a.b', 'a.b.c', 'a.bc'])
    expect(found(index, 'prefix', '')).deep.equal(['a', 'a.b', 'a.b.c', 'a.bc', 'b.a'])
    expect(found(index, 'prefix', 'a.b.c.d')).deep.equal([])
    expect(found(index, 'prefix', 'c')).deep.equal([])
  })

  it('finds the topics that have any one component in each gap', () => {
    const index = indexOf('a.b.c', 'a.x.c', 'a.x.y.c', 'a.c', 'x.b.c', 'a.b', 'a')
    expect(found(index, 'wildcard', 'a..c')).deep.equal(['a.b.c', 'a.x.c'])
    expect(found(index, 'wildcard', '.b.')).deep.equal(['a.b.c', 'x.b.c'])
    expect(found(index, 'wildcard', '..')).deep.equal(['a.b.c', 'a.x.c', 'x.b.c'])
    expect(found(index, 'wildcard', 'a.')).deep.equal(['a.b', 'a.c'])
    expect(found(index, 'wildcard', '')).deep.equal(['a'])
    expect(found(index, 'wildcard', 'a.b')).deep.equal(['a.b'])
  })

  it('forgets what is deleted, and takes names that mean something to JavaScript', () => {
    const index = indexOf('__proto__', 'constructor', 'a.b')
    index.delete('a.b')
    expect(found(index, 'prefix', '')).deep.equal(['__proto__', 'constructor'])
    expect(index.get('a.b')).equal(undefined)
    expect(index.get('toString')).equal(undefined)
  })

  it('agrees with the index of patterns', () => {
    const component = fc.constantFrom('a', 'b', 'ab', 'ba')
    const topic = fc.array(component, { minLength: 1, maxLength: 4 }).map(list => list.join('.'))
    const gaps = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 4 })
    const pattern = fc.oneof(
      fc.tuple(fc.constantFrom(...MATCHES), topic),
      fc.tuple(
        fc.constant('wildcard' as const),
        gaps.map(list => list.join('.')),
      ),
      fc.tuple(fc.constant('prefix' as const), fc.constantFrom('', 'a.', 'ab.b')),
    )
    fc.assert(
      fc.property(fc.array(topic), fc.array(topic), pattern, (kept, gone, [match, text]) => {
        const index = indexOf(...kept, ...gone)
        for (const topic of new Set(gone)) index.delete(topic)
        const one = new PatternIndex<boolean>()
        one.set(match, text, true)
        const meets = (topic: string) =>
          match === 'exact' ? topic === text : one.patternsOf(topic).length > 0
        const wanted = [...new Set(kept)].filter(topic => !gone.includes(topic) && meets(topic))
        expect(found(index, match, text)).deep.equal(wanted.sort())
      }),
      { numRuns: 3000 },
    )
  })
})
