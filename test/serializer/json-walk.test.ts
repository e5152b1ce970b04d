import { execFileSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { json } from '../../src/serializer/json.ts'
import { JsonReader } from '../../src/serializer/json-reader.ts'
import { jsonWalk } from '../../src/serializer/json-walk.ts'

const walk = jsonWalk()
if (walk === null) throw new Error('there is no WebAssembly to test')
const fast = new JsonReader(json, JSON.parse, walk)
const plain = new JsonReader(json, JSON.parse, null)

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** All that a reader says of a frame. */
function verdict(reader: JsonReader, frame: Uint8Array): unknown {
  try {
    const { payload, ...head } = reader.read(frame) as { payload?: { from: number; to: number } }
    return { ...head, from: payload?.from, to: payload?.to }
  } catch (error) {
    if (error instanceof ProtocolViolation) return error.message
    throw error
  }
}

/** The readers agree, and the walk finds the end of the tail by itself where it is sound. */
function agree(frame: Uint8Array): unknown {
  const told = verdict(plain, frame)
  const said = verdict(fast, frame)
  // To ask chai each time would take most of the time.
  if (!isDeepStrictEqual(said, told)) expect(said, Buffer.from(frame).toString()).deep.equal(told)
  return told
}

const agreeOn = (tail: string) => agree(bytes(`[16,1,{},"a.b",${tail}]`))

/** Where the walk alone ends; 0 where it gives up. */
function end(text: string, at = 0): number {
  walk?.take(bytes(text))
  return walk?.endOf(at) ?? Number.NaN
}

/** JSON text of every kind, with white space anywhere and strings with any escape. */
const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/)
const letters = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 30 })
      .map(text => JSON.stringify(text.toWellFormed()).slice(1, -1)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t'),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^\\u[0-9a-fA-F]{4}$/) },
)
const string = fc.array(letters, { maxLength: 4 }).map(parts => `"${parts.join('')}"`)
const number = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,5})?$/),
  fc.integer().map(String),
)
const { value } = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null', '[]', '{}', '[ ]', '{\n}'),
    number,
    string,
    fc
      .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
      .map(items => `[${items.map(item => item.join('')).join(',')}]`),
    fc
      .array(fc.tuple(space, string, space, tie('value'), space), { maxLength: 4 })
      .map(items => `{${items.map(([a, k, b, v, c]) => `${a}${k}${b}:${v}${c}`).join(',')}}`),
  ),
}))

const bits = fc.constantFrom(...'[]{},:"\\-+.eE0159tfnu /\n\t\r\0\u001f\u007fé')

describe('the walk in WebAssembly', () => {
  it('agrees with the plain one on sound JSON of every kind, and ends it by itself', () => {
    fc.assert(
      fc.property(value, space, (text, before) => {
        const ending = Buffer.byteLength(before + text)
        expect(end(`${before}${text} ,x`), text).equal(ending)
        agreeOn(`[${text}]`)
        agreeOn(`${before}[],{"k":${text}}`)
      }),
      { numRuns: 1000 },
    )
  })

  it('agrees on sound JSON that was spoiled in a few places', () => {
    const spoil = fc.tuple(fc.nat(), fc.nat(3), fc.oneof(bits, fc.string({ unit: 'binary' })))
    fc.assert(
      fc.property(value, fc.array(spoil, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let spoiled = `[${text}]`
        for (const [place, length, put] of changes) {
          const at = place % (spoiled.length + 1)
          spoiled = spoiled.slice(0, at) + put + spoiled.slice(at + length)
        }
        agreeOn(spoiled)
        agreeOn(`[],{"k":${spoiled}}`)
      }),
      { numRuns: 1500 },
    )
  })

  it('agrees on bits of JSON in any order', () => {
    const words = fc.array(fc.oneof(bits, value, fc.constantFrom('"a":', 'tru', '\\u00')), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(words, parts => {
        const text = parts.join('')
        agreeOn(text)
        agreeOn(`[${text}]`)
        agree(bytes(text))
      }),
      { numRuns: 1500 },
    )
  })

  it('agrees on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(30), (any, at) => {
        const frame = bytes('[16,1,{},"a.b",["abcdefghijklmnopqrstuvwxyz",{"k":[1,true]}],{}]')
        agree(any)
        frame.set(any.subarray(0, 8), 15 + at)
        agree(frame)
      }),
      { numRuns: 1500 },
    )
  })

  it('agrees on all short orders of the parts that JSON has', () => {
    const parts = ['[', ']', '{', '}', ',', ':', '"a"', '"a":', '1']
    const extend = (text: string, more: number): void => {
      agreeOn(`${text}]`)
      agreeOn(`[],${text}}`)
      if (more > 0) for (const part of parts) extend(text + part, more - 1)
    }
    extend('[', 3)
    extend('{', 4)
  })

  it('agrees on every character at every place of a string', () => {
    for (let c = 0; c < 256; c++) {
      for (let at = 0; at < 34; at++) {
        const text = `[16,1,{},"a.b",["${'~'.repeat(at)}?${'!'.repeat(33 - at)}"]]`
        const frame = bytes(text)
        frame[text.indexOf('?')] = c
        const sound = c >= 32 && c !== 92 && (c !== 34 || at === 33)
        // A quote ends the string too early unless it is the last.
        if (c === 92 || c === 34) agree(frame)
        else expect(typeof agree(frame)).equal(sound ? 'object' : 'string')
      }
    }
  })

  it('agrees on every character in an escape', () => {
    for (let c = 0; c < 256; c++) {
      for (const form of ['?"', 'u?000', 'u0?00', 'u00?0', 'u000?', 'u000?0']) {
        const frame = bytes(`[16,1,{},"a.b",["\\${form}"]]`)
        frame[frame.indexOf(63)] = c
        agree(frame)
      }
    }
  })

  it('agrees on all short orders of what numbers are made of', () => {
    const extend = (text: string): void => {
      agreeOn(`[${text}]`)
      if (text.length < 5) for (const part of '-+.e01') extend(text + part)
    }
    extend('')
  })

  it('has the same limits', () => {
    const nested = (open: string, shut: string, levels: number) =>
      open.repeat(levels) + shut.repeat(levels)
    for (const levels of [1, 255, 256]) {
      expect(end(nested('[', ']', levels))).equal(2 * levels)
      expect(end(`${'{"":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`)).above(0)
    }
    for (const levels of [257, 258, 100000]) {
      expect(end(nested('[', ']', levels))).equal(0)
      expect(end(`${'{"":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`)).equal(0)
      expect(agreeOn(nested('[', ']', levels))).match(/nested deeper than 256/)
    }
    for (const text of ['9'.repeat(1024), `-${'9'.repeat(1023)}`, `0.${'1'.repeat(1022)}`]) {
      expect(end(text)).equal(1024)
      expect(end(`${text}0`)).equal(0)
      expect(agreeOn(`[${text}0]`)).match(/number of more than 1024/)
      expect(agreeOn(`[1e${'0'.repeat(1023)}]`)).match(/number of more than 1024/)
    }
  })

  it('refuses a frame that ends too early, whatever lay there before', () => {
    const text = `[16,1,{"x":[null]},"a.b",["${'abcdefgh'.repeat(9)}\\u00e4\\n",-1.5e+3,true,false,{"k":[[]]}]]`
    for (let length = 0; length < text.length; length++) {
      walk.take(bytes(text))
      expect(agree(bytes(text.slice(0, length)))).a('string')
    }
    expect(agree(bytes(text))).an('object')
  })

  it('takes frames of any size, one after another', () => {
    for (const size of [0, 1, 65264, 65265, 65280, 130800, 131072, 3 << 20, 10, 1 << 20]) {
      const text = `["${'x'.repeat(size)}"]`
      expect(end(text)).equal(text.length)
      expect(end(text.slice(0, -1))).equal(0)
      expect(agreeOn(text)).an('object')
    }
  })

  it('is not needed: without WebAssembly the plain walk does it', () => {
    const url = pathToFileURL(new URL('../../src/serializer/json.js', import.meta.url).pathname)
    const script = `
      const { json } = await import('${url}')
      if (typeof WebAssembly !== 'undefined') throw new Error('there is WebAssembly')
      const read = tail => json.decode(Buffer.from('[16,1,{},"a.b",' + tail + ']')).payload.open()
      try { read('[1,]') } catch (error) { console.log(error.message, JSON.stringify(read('[1,{"a":"é"}]'))) }
    `
    const flags = ['--jitless', '--no-warnings', '--input-type=module', '-e', script]
    const output = execFileSync(process.execPath, flags, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(output).equal('PUBLISH: is no sound JSON {"args":[1,{"a":"é"}]}\n')
  })
})
