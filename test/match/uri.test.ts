import { expect } from 'chai'
import fc from 'fast-check'
import { isPattern, isReserved, isUri } from '../../src/match/uri.ts'

/** The rules as the specification writes them. */
const LOOSE = /^([^\s.#]+\.)*([^\s.#]+)$/
const STRICT = /^([0-9a-z_]+\.)*([0-9a-z_]+)$/
const LOOSE_WILDCARD = /^(([^\s.#]+\.)|\.)*([^\s.#]+)?$/
const STRICT_WILDCARD = /^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$/

const WHITESPACE =
  ' \t\n\v\f\r\x85\u00a0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

describe('URIs', () => {
  it('of lower case letters, digits and _ are valid everywhere', () => {
    for (const uri of ['a', '0', '_', 'com.app.topic_1', '1.2.3', 'a.b.c.d.e.f', 'wamp.x']) {
      expect([isUri(uri, 'loose'), isUri(uri, 'strict')], uri).deep.equal([true, true])
    }
  })

  it('of other characters are valid by the loose rule only', () => {
    for (const uri of [
      ...[
        'A',
        'Com.App',
        'a-b',
        'a/b',
        'http://x:80/?y=z&w',
        'com.a:b',
        '@$%^&*()[]{}|<>,;',
        '"',
        "'",
      ],
      ...[
        '\\',
        'ä',
        '日本.語',
        'com.🙂.app',
        '👩‍👩‍👧',
        '\u0301',
        '~',
        '`',
        '\0',
        '\x7f',
        'ﬀ',
        '１',
      ],
    ]) {
      expect([isUri(uri, 'loose'), isUri(uri, 'strict')], uri).deep.equal([true, false])
    }
  })

  it('with a space of any kind or a # are not valid', () => {
    for (const sign of [...WHITESPACE, '#']) {
      for (const uri of [sign, `${sign}a`, `a${sign}`, `a.${sign}.b`, `a.b${sign}c`]) {
        const name = `U+${sign.charCodeAt(0).toString(16)}`
        expect(isUri(uri, 'loose'), name).equal(false)
        expect(isUri(uri, 'strict'), name).equal(false)
        for (const match of ['prefix', 'wildcard'] as const) {
          expect(isPattern(uri, match, 'loose'), name).equal(false)
        }
      }
    }
  })

  it('with an empty component are not valid', () => {
    for (const uri of ['', '.', '..', '.a', 'a.', 'a..b', '...', 'a.b.', '.a.b', 'a...b']) {
      expect([isUri(uri, 'loose'), isUri(uri, 'strict')], uri).deep.equal([false, false])
      expect(isPattern(uri, 'exact', 'loose'), uri).equal(false)
    }
  })

  it('with names that mean something to JavaScript are valid', () => {
    for (const uri of [
      '__proto__',
      'constructor',
      'toString',
      'com.__proto__.x',
      'hasOwnProperty',
    ]) {
      expect(isUri(uri, 'loose'), uri).equal(true)
    }
    expect(isUri('__proto__', 'strict')).equal(true)
  })

  it('are valid up to 8,192 characters', () => {
    for (const check of ['loose', 'strict'] as const) {
      expect(isUri('a'.repeat(8192), check)).equal(true)
      expect(isUri('a'.repeat(8193), check)).equal(false)
      expect(isPattern('a'.repeat(8193), 'prefix', check)).equal(false)
      expect(isPattern('a'.repeat(8193), 'wildcard', check)).equal(false)
    }
  })

  it('are wildcards of up to 256 components: each takes memory of its own', () => {
    for (const check of ['loose', 'strict'] as const) {
      expect(isPattern('.'.repeat(255), 'wildcard', check)).equal(true)
      expect(isPattern('.'.repeat(256), 'wildcard', check)).equal(false)
      expect(isPattern(`${'a.'.repeat(255)}a`, 'wildcard', check)).equal(true)
      expect(isPattern(`${'a.'.repeat(256)}a`, 'wildcard', check)).equal(false)
      expect(isUri(`${'a.'.repeat(4000)}a`, check)).equal(true)
    }
  })

  it('are valid by the expressions of the specification, and by those alone', () => {
    const uri = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '_', '.', '.', '#', ' ', 'ä', '🙂'),
    })
    fc.assert(
      fc.property(uri, text => {
        expect(isUri(text, 'loose')).equal(LOOSE.test(text))
        expect(isUri(text, 'strict')).equal(STRICT.test(text))
        expect(isPattern(text, 'exact', 'loose')).equal(LOOSE.test(text))
        expect(isPattern(text, 'wildcard', 'loose')).equal(LOOSE_WILDCARD.test(text))
        expect(isPattern(text, 'wildcard', 'strict')).equal(STRICT_WILDCARD.test(text))
        const head = text.replace(/\.$/, '')
        expect(isPattern(text, 'prefix', 'loose')).equal(
          head === '' ? text === '' : LOOSE.test(head),
        )
      }),
      { numRuns: 5000 },
    )
  })
})

describe('patterns', () => {
  it('that are prefixes may end in an empty component, and be empty', () => {
    for (const [pattern, valid] of [
      ...[
        ['', true],
        ['a', true],
        ['a.', true],
        ['a.b', true],
        ['a.b.', true],
        ['com.app-', true],
      ],
      ...[
        ['.', false],
        ['.a', false],
        ['a..', false],
        ['a..b', false],
        ['a. ', false],
        ['a#', false],
      ],
    ] as [string, boolean][]) {
      expect(isPattern(pattern, 'prefix', 'loose'), pattern).equal(valid)
    }
    expect(isPattern('Com.', 'prefix', 'strict')).equal(false)
  })

  it('that are wildcards may have empty components anywhere', () => {
    for (const pattern of ['', '.', '..', 'a', 'a.', '.a', 'a..b', 'a.b..c...d', '.a.']) {
      expect(isPattern(pattern, 'wildcard', 'loose'), pattern).equal(true)
      expect(isPattern(pattern, 'wildcard', 'strict'), pattern).equal(true)
    }
    expect(isPattern('a..B', 'wildcard', 'strict')).equal(false)
  })
})

describe('the reserved namespace', () => {
  it('is all whose first component is wamp', () => {
    for (const uri of ['wamp', 'wamp.', 'wamp.session.on_join', 'wamp..x', 'wamp.x..']) {
      expect(isReserved(uri), uri).equal(true)
    }
  })

  it('is nothing else', () => {
    for (const uri of [
      'wampx',
      'wampx.y',
      'com.wamp.y',
      'WAMP.x',
      'wam',
      '',
      '.wamp',
      'wamp-x.y',
    ]) {
      expect(isReserved(uri), uri).equal(false)
    }
  })
})

describe('checking a URI', () => {
  it('takes time in proportion to its length', () => {
    for (const text of [
      'a'.repeat(8191),
      'a.'.repeat(4095),
      '.'.repeat(8191),
      `${'a.'.repeat(4095)}a`,
    ]) {
      for (const tail of ['', '#', ' ', '.', '🙂']) {
        const start = performance.now()
        isUri(text + tail, 'loose')
        isUri(text + tail, 'strict')
        isPattern(text + tail, 'prefix', 'loose')
        isPattern(text + tail, 'wildcard', 'loose')
        expect(performance.now() - start).below(50)
      }
    }
  })

  it('of megabytes ends at once', () => {
    const start = performance.now()
    expect(isUri('a.'.repeat(4 << 20), 'loose')).equal(false)
    expect(performance.now() - start).below(50)
  })
})
