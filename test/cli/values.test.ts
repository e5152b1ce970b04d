import { expect } from 'chai'
import fc from 'fast-check'
import {
  argumentOf,
  argumentsIn,
  dictFrom,
  jsonFrom,
  jsonIn,
  lineOf,
  pairsFrom,
  plain,
} from '../../src/cli/values.ts'

/** Values as JSON has them, bytes and long integers among them; NUL leads bytes in. */
const text = fc.string({ unit: 'grapheme' }).filter(some => !some.startsWith('\0'))
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(some => some || 0),
    fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 80n }),
    text,
    fc.uint8Array({ maxLength: 20 }).map(bytes => new Uint8Array(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      text.filter(key => key !== '__proto__'),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
}))

/** Whole numbers beyond 2^53 are written in digits, and come back as such. */
const digits = (some: unknown): unknown => JSON.parse(lineOf(some))

describe('arguments of the command line', () => {
  it('come out as they went in, whatever JSON they are', () => {
    fc.assert(
      fc.property(value, some => {
        const line = lineOf(some)
        expect(line.indexOf('\n')).equal(line.length - 1)
        expect(lineOf(argumentOf(line))).equal(line)
        expect(digits(argumentOf(line))).deep.equal(JSON.parse(line))
      }),
      { numRuns: 500 },
    )
  })

  it('are text where they are no JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(some => `${some}x`),
          fc.string({ unit: 'binary' }),
        ),
        word => {
          let isJson = true
          try {
            JSON.parse(word)
          } catch {
            isJson = false
          }
          fc.pre(!isJson)
          expect(argumentOf(word)).equal(word)
        },
      ),
      { numRuns: 500 },
    )
  })

  const CASES: [string, unknown][] = [
    ['5', 5],
    ['-0.5e3', -500],
    ['12345678901234567890', 12345678901234567890n],
    ['"5"', '5'],
    ['true', true],
    ['null', null],
    ['"\\u0000AQID"', new Uint8Array([1, 2, 3])],
    ['"\\u0000no base64"', '\0no base64'],
    ['[1,{"a":[]}]', [1, { a: [] }]],
    [' 7 ', 7],
    ['', ''],
    ['hello', 'hello'],
    ['{a: 1}', '{a: 1}'],
    ['1],[2', '1],[2'],
    ['1],{"a":1}', '1],{"a":1}'],
    ['1,2', '1,2'],
    ['NaN', 'NaN'],
    ['007', '007'],
    ['com.example.topic', 'com.example.topic'],
  ]
  for (const [word, expected] of CASES) {
    it(`reads ${JSON.stringify(word)}`, () => {
      expect(argumentOf(word)).deep.equal(expected)
    })
  }

  it('are refused where no message could carry them', () => {
    const deep = '['.repeat(300) + ']'.repeat(300)
    expect(() => argumentOf(deep)).throws(
      'an argument cannot be sent: it is nested deeper than 256',
    )
    expect(() => jsonIn(deep, 'this')).throws('this cannot be sent: it is nested deeper than 256')
    expect(() => jsonFrom(deep)).throws('It is nested deeper than 256.')
    expect(() => argumentOf('1'.repeat(1100))).throws('has a number of more than 1024 characters')
    expect(() => argumentOf('['.repeat(200_000))).not.throws()
  })

  it('have nothing in them that commands a terminal', () => {
    expect(lineOf('a\x1b[31m\x9b\u202e\x7f\n')).equal('"a\\u001b[31m\\u009b\\u202e\\u007f\\n"\n')
  })
})

describe('keyword arguments of the command line', () => {
  it('are pairs or objects, and add up', () => {
    const first = pairsFrom('a=1')
    const second = pairsFrom('b=x=y', first)
    expect(pairsFrom('{"a": [2], "c": null}', second)).deep.equal({ a: [2], b: 'x=y', c: null })
    expect(pairsFrom('e=')).deep.equal({ e: '' })
  })

  it('may have any name', () => {
    expect(Object.keys(pairsFrom('__proto__=1'))).deep.equal(['__proto__'])
  })

  for (const wrong of ['', 'a', '=1', '{', '{"a"}', '[1]']) {
    it(`are not ${JSON.stringify(wrong)}`, () => {
      expect(() => pairsFrom(wrong)).throws(/^Expected (name=value or )?a JSON object\.$/)
    })
  }
})

describe('JSON of the command line', () => {
  it('is an object where one is wanted', () => {
    expect(dictFrom('{"a": 1}')).deep.equal({ a: 1 })
    for (const wrong of ['', '1', 'null', '[1]', '"a"', '{a}', '"\\u0000AQID"']) {
      expect(() => dictFrom(wrong), wrong).throws('Expected a JSON object.')
    }
  })

  it('is not text', () => {
    expect(jsonFrom('"text"')).equal('text')
    expect(() => jsonFrom('text')).throws('Expected JSON; text goes in quotes, as "text".')
    expect(() => jsonIn('<html>', 'standard input')).throws('standard input is no JSON')
  })

  it('of a result is its value, or all where there is more', () => {
    expect(plain({ args: [], kwargs: {} })).equal(null)
    expect(plain({ args: [[1]], kwargs: {} })).deep.equal([1])
    expect(plain({ args: [1, 2], kwargs: {} })).deep.equal({ args: [1, 2], kwargs: {} })
    expect(plain({ args: [], kwargs: { a: 1 } })).deep.equal({ args: [], kwargs: { a: 1 } })
  })

  it('of arguments has lists and objects at their places', () => {
    expect(argumentsIn({ args: [1] }, 'this')).deep.equal({ args: [1], kwargs: {} })
    expect(argumentsIn({}, 'this')).deep.equal({ args: [], kwargs: {} })
    for (const wrong of [
      null,
      1,
      [],
      { args: {} },
      { kwargs: [] },
      { args: [], more: 1 },
      { none: true },
    ]) {
      expect(() => argumentsIn(wrong, 'this')).throws('this is not of the form')
    }
  })
})
