import { expect } from 'chai'
import fc from 'fast-check'
import { PatternIndex } from '../../src/match/patterns.ts'
import type { Match } from '../../src/match/uri.ts'
import { memory } from '../helpers/memory.ts'

/** An index of patterns under their own names. */
function indexOf(...patterns: [Match, string][]): PatternIndex<string> {
  const index = new PatternIndex<string>()
  for (const [match, pattern] of patterns) index.set(match, pattern, `${match} ${pattern}`)
  return index
}

function meets(match: Match, pattern: string, uri: string): boolean {
  if (match === 'exact') return pattern === uri
  if (match === 'prefix') return uri.startsWith(pattern)
  const [wanted, given] = [pattern.split('.'), uri.split('.')]
  return wanted.length === given.length && wanted.every((w, i) => w === '' || w === given[i])
}

/** How long the runs of components before each gap are. */
function runs(pattern: string): number[] {
  const lengths = [0]
  for (const component of pattern.split('.')) {
    if (component === '') lengths.push(0)
    else lengths[lengths.length - 1] = (lengths.at(-1) as number) + 1
  }
  return lengths
}

/** The index as a list that is searched from end to end. */
class NaiveIndex {
  readonly entries = new Map<string, { match: Match; pattern: string; value: number }>()

  set(match: Match, pattern: string, value: number) {
    this.entries.set(`${match} ${pattern}`, { match, pattern, value })
  }

  patternsOf(uri: string): number[] {
    return this.#met(uri)
      .filter(({ match }) => match !== 'exact')
      .map(({ value }) => value)
      .sort((a, b) => a - b)
  }

  best(uri: string): number | undefined {
    const met = this.#met(uri)
    const of = (wanted: Match) => met.filter(({ match }) => match === wanted)
    const prefixes = of('prefix').sort((a, b) => b.pattern.length - a.pattern.length)
    const wildcards = of('wildcard').sort((a, b) => {
      const [left, right] = [runs(a.pattern), runs(b.pattern)]
      const at = left.findIndex((length, i) => length !== right[i])
      return at < 0 ? 0 : (right[at] ?? 0) - (left[at] as number)
    })
    return [...of('exact'), ...prefixes, ...wildcards][0]?.value
  }

  #met(uri: string) {
    return [...this.entries.values()].filter(({ match, pattern }) => meets(match, pattern, uri))
  }
}

const match = fc.constantFrom<Match>('exact', 'prefix', 'wildcard')
/** Few letters, so that patterns share beginnings, split edges and meet the same URIs. */
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '.'), maxLength: 7 })
const uri = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'ba', 'aa'), { minLength: 1, maxLength: 4 })
  .map(components => components.join('.'))

describe('the pattern index', () => {
  it('finds what a search from end to end finds', () => {
    const step = fc.record({ match, pattern, set: fc.boolean(), uri })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const index = new PatternIndex<number>()
        const naive = new NaiveIndex()
        steps.forEach((step, value) => {
          if (step.set) {
            index.set(step.match, step.pattern, value)
            naive.set(step.match, step.pattern, value)
          } else {
            // Mostly one that is there, for random ones seldom are.
            const entries = [...naive.entries.values()]
            const { match, pattern } = entries[value % (entries.length + 1)] ?? step
            index.delete(match, pattern)
            naive.entries.delete(`${match} ${pattern}`)
          }
          expect(index.patternsOf(step.uri).sort((a, b) => a - b)).deep.equal(
            naive.patternsOf(step.uri),
          )
          expect(index.best(step.uri)).equal(naive.best(step.uri))
          const key = `${step.match} ${step.pattern}`
          expect(index.get(step.match, step.pattern)).equal(naive.entries.get(key)?.value)
          const kinds = [...naive.entries.values()].map(entry => entry.match)
          expect(index.hasPatterns).equal(kinds.some(kind => kind !== 'exact'))
        })
      }),
      { numRuns: 3000 },
    )
  })

  it('finds nothing when all that was kept is removed, in whatever order', () => {
    const entry = fc.record({ match, pattern })
    const key = (e: { match: Match; pattern: string }) => `${e.match} ${e.pattern}`
    const entries = fc.uniqueArray(entry, { selector: key, maxLength: 20 })
    const orders = entries.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(orders, uri, ([added, removed], uri) => {
        const index = new PatternIndex<number>()
        for (const { match, pattern } of added) index.set(match, pattern, 1)
        for (const { match, pattern } of removed) index.delete(match, pattern)
        expect(index.hasPatterns).equal(false)
        expect(index.patternsOf(uri)).deep.equal([])
        expect(index.best(uri)).equal(undefined)
        for (const { match, pattern } of added) {
          expect(index.get(match, pattern)).equal(undefined)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('gives back the memory of what is removed', () => {
    const index = new PatternIndex<number>()
    const change = (round: number, add: boolean) => {
      for (let i = 0; i < 5000; i++) {
        for (const match of ['exact', 'prefix', 'wildcard'] as const) {
          const pattern = `com.app${round}..${i}.x${i % 7}`
          if (add) index.set(match, pattern, i)
          else index.delete(match, pattern)
        }
      }
    }
    change(0, true)
    change(0, false)
    const before = memory()
    for (let round = 1; round < 8; round++) {
      change(round, true)
      change(round, false)
    }
    // What 100,000 patterns leave behind; one node each would be several times that.
    expect(memory() - before).below(2 << 20)
    expect(index.hasPatterns).equal(false)
  })

  it('removes what is not there without harm', () => {
    const index = indexOf(['prefix', 'a.b'], ['wildcard', 'a..c'], ['exact', 'a'])
    for (const match of ['exact', 'prefix', 'wildcard'] as const) {
      for (const pattern of ['', 'a.', 'a.b.c', 'x', '..', 'a..', 'a..c.d']) {
        index.delete(match, pattern)
      }
    }
    expect(index.patternsOf('a.b.c')).deep.equal(['prefix a.b', 'wildcard a..c'])
    expect(index.get('exact', 'a')).equal('exact a')
  })

  it('keeps falsy values like any other', () => {
    const index = new PatternIndex<number>()
    for (const match of ['exact', 'prefix', 'wildcard'] as const) index.set(match, 'a.b', 0)
    expect(index.patternsOf('a.b')).deep.equal([0, 0])
    expect(index.best('a.b')).equal(0)
  })

  it('takes names that mean something to JavaScript as any other', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const index = new PatternIndex<string>()
    for (const name of names) {
      expect(index.best(name)).equal(undefined)
      expect(index.patternsOf(`${name}.${name}`)).deep.equal([])
    }
    for (const name of names) {
      index.set('exact', name, 'exact')
      index.set('prefix', name, 'prefix')
      index.set('wildcard', `.${name}`, 'wildcard')
    }
    for (const name of names) {
      expect(index.best(name)).equal('exact')
      expect(index.patternsOf(`${name}.${name}`)).deep.equal(['prefix', 'wildcard'])
    }
  })

  it('bears URIs of thousands of components', () => {
    for (const components of [4096, 8193]) {
      const pattern = '.'.repeat(components - 1)
      const uri = new Array(components).fill('a').join('.')
      const index = indexOf(['wildcard', pattern], ['wildcard', uri], ['prefix', uri])
      expect(index.best(uri)).equal(`prefix ${uri}`)
      expect(index.patternsOf(uri).length).equal(3)
      index.delete('prefix', uri)
      expect(index.best(uri)).equal(`wildcard ${uri}`)
      index.delete('wildcard', uri)
      expect(index.best(uri)).equal(`wildcard ${pattern}`)
      index.delete('wildcard', pattern)
      expect(index.hasPatterns).equal(false)
    }
  })

  it('looks up a pattern with many gaps, as text, without trying all ways to read it', () => {
    const index = indexOf(['wildcard', `${'.'.repeat(60)}x`])
    expect(index.best(`${'.'.repeat(60)}y`)).equal(undefined)
    expect(index.patternsOf(`${'.'.repeat(60)}x`).length).equal(1)
  })
})

describe('an event', () => {
  const topics = (match: Match, pattern: string, uris: string[]) =>
    uris.filter(uri => indexOf([match, pattern]).patternsOf(uri).length > 0)

  it('meets prefixes character by character', () => {
    const uris = [
      'com.app.emergency',
      'com.app.emergency.11',
      'com.app.emergency-low',
      'com.app.emergenc',
      'com.app',
    ]
    expect(topics('prefix', 'com.app.emergency', uris)).deep.equal(uris.slice(0, 3))
    expect(topics('prefix', 'com.app.', uris)).deep.equal(uris.slice(0, 4))
    expect(topics('prefix', '', uris)).deep.equal(uris)
  })

  it('meets wildcards with as many components, any of which may be a gap', () => {
    const uris = [
      'com.app.foo.userevent',
      'com.app.bar.userevent',
      'com.app.foo.bar.userevent',
      'com.app.userevent',
      'com.app.foo.userevents',
      'net.app.foo.userevent',
    ]
    expect(topics('wildcard', 'com.app..userevent', uris)).deep.equal(uris.slice(0, 2))
    expect(topics('wildcard', '.app..', uris)).deep.equal([...uris.slice(0, 2), ...uris.slice(4)])
    expect(topics('wildcard', 'com.app.foo.userevent', uris)).deep.equal(uris.slice(0, 1))
    expect(topics('wildcard', '', ['com', 'com.app'])).deep.equal(['com'])
  })

  it('meets half a surrogate pair as a prefix, for prefixes know no characters', () => {
    expect(topics('prefix', 'a.\ud83d', ['a.\ud83d\ude42', 'a.b'])).deep.equal(['a.\ud83d\ude42'])
  })
})

describe('a call', () => {
  // The example of the specification, "Pattern-based Registrations".
  const index = indexOf(
    ['exact', 'a1.b2.c3.d4.e55'],
    ['prefix', 'a1.b2.c3'],
    ['prefix', 'a1.b2.c3.d4'],
    ['wildcard', 'a1.b2..d4.e5'],
    ['wildcard', 'a1.b2.c33..e5'],
    ['wildcard', 'a1.b2..d4.e5..g7'],
    ['wildcard', 'a1.b2..d4..f6.g7'],
  )

  for (const [uri, found] of [
    ['a1.b2.c3.d4.e55', 'exact a1.b2.c3.d4.e55'],
    ['a1.b2.c3.d98.e74', 'prefix a1.b2.c3'],
    ['a1.b2.c3.d4.e325', 'prefix a1.b2.c3.d4'],
    ['a1.b2.c55.d4.e5', 'wildcard a1.b2..d4.e5'],
    // There the wildcard is named, but prefixes go by characters, and come before wildcards.
    ['a1.b2.c33.d4.e5', 'prefix a1.b2.c3'],
    ['a1.b2.c88.d4.e5.f6.g7', 'wildcard a1.b2..d4.e5..g7'],
    ['a2.b2.c2.d2.e2', undefined],
  ] as const) {
    it(`of ${uri} goes to ${found ?? 'nobody'}`, () => {
      expect(index.best(uri)).equal(found)
    })
  }

  it('goes to any prefix rather than to a wildcard', () => {
    expect(indexOf(['prefix', 'a'], ['wildcard', 'a.b.']).best('a.b.c')).equal('prefix a')
  })

  it('goes to a wildcard that begins with a gap if no other is there', () => {
    expect(indexOf(['wildcard', '.b.c']).best('a.b.c')).equal('wildcard .b.c')
    expect(indexOf(['wildcard', '.b.c'], ['wildcard', 'a..']).best('a.b.c')).equal('wildcard a..')
  })
})
