import { expect } from 'chai'
import type { Publish } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { json } from '../../src/serializer/json.ts'
import { behavesLikeASerializer, opened, refusal } from './suite.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const read = (text: string) => json.decode(bytes(text)) as Publish
/** The values of an args list in these words. */
const args = (text: string) => opened(json, bytes(`[16,1,{},"a.b",${text}]`)).args
const refused = (text: string) => refusal(json, bytes(text))
const refusedArgs = (text: string) => refused(`[16,1,{},"a.b",${text}]`)

describe('json', () => {
  behavesLikeASerializer({
    serializer: json,
    write: value => bytes(JSON.stringify(value)),
    read: frame => JSON.parse(Buffer.from(frame).toString()),
    nested: levels => bytes(`[16,1,{},"a.b",${'['.repeat(levels)}${']'.repeat(levels)}]`),
  })

  it('reads white space wherever JSON has it', () => {
    const text = ' [ 16 , 7 , { } , "a.b" , [ 1 , [ ] , { "a" : true } ] , { "k" : null } ] '
    for (const space of [' ', '\t', '\n', '\r', ' \t\r\n', '']) {
      const message = read(text.replaceAll(' ', space))
      expect(message.request).equal(7)
      expect(message.options).deep.equal({})
      expect(message.topic).equal('a.b')
      expect(message.payload.open()).deep.equal({ args: [1, [], { a: true }], kwargs: { k: null } })
    }
    expect(read('[16,7,{},"a.b" ]').payload.count).equal(0)
    for (const space of ['\u00a0', '\v', '\f', '\0', '\u2028']) {
      expect(refused(text.replaceAll(' ', space)), JSON.stringify(space)).match(/^message: /)
    }
  })

  it('reads whole numbers in every notation as ids', () => {
    for (const text of ['16', '16.0', '1.6e1', '1.6E+1', '160e-1', '16.000']) {
      expect(read(`[${text},${text},{},"a.b"]`)).include({ type: 16, request: 16 })
    }
    expect(read('[16,9.007199254740992e15,{},"a.b"]').request).equal(2 ** 53)
  })

  it('refuses ids that a double would round', () => {
    for (const id of ['9007199254740993', '9007199254740994', '18446744073709551616', '1e999999']) {
      expect(refused(`[16,${id},{},"a.b"]`)).equal('PUBLISH: request is no integer in 0..2^53')
    }
    expect(refused(`[16,${'9'.repeat(100000)},{},"a.b"]`)).match(/^PUBLISH: .*number/)
  })

  it('refuses numbers that are none in JSON', () => {
    for (const n of [
      '01',
      '+1',
      '.5',
      '1.',
      '-',
      '1e',
      '1e+',
      '0x1',
      '-01',
      '1.e1',
      'NaN',
      '1_0',
    ]) {
      expect(refused(`[16,${n},{},"a.b"]`), n).match(/^PUBLISH: /)
      expect(refusedArgs(`[${n}]`), n).match(/^PUBLISH: /)
      refused(`[${n},1,{},"a.b"]`)
    }
  })

  it('carries large numbers and refuses endless ones', () => {
    expect(args('[1e999999,-1e999999,1e-999999,-0]')).deep.equal([Infinity, -Infinity, 0, -0])
    expect(args(`[${'9'.repeat(1024)}]`)).deep.equal([BigInt('9'.repeat(1024))])
    for (const n of ['9'.repeat(100000), `0.${'1'.repeat(100000)}`, `1e${'9'.repeat(100000)}`]) {
      expect(refusedArgs(`[${n}]`)).equal('PUBLISH: has a number of more than 1024 characters')
    }
  })

  it('keeps every digit of whole numbers', () => {
    expect(args('[9007199254740991,9007199254740993,-9223372036854775808]')).deep.equal([
      9007199254740991,
      9007199254740993n,
      -9223372036854775808n,
    ])
    expect(args('[1234567890123456.5,"1234567890123456",1234567890123456e1]')).deep.equal([
      1234567890123456.5,
      '1234567890123456',
      12345678901234560,
    ])
  })

  it('reads escapes in any string', () => {
    const text = String.raw`"\"\\\/\b\f\n\r\t\u00e4\uD83D\ude00"`
    const value = '"\\/\b\f\n\r\tä😀'
    const message = read(`[16,1,{${text}:${text}},${text},[${text}],{${text}:${text}}]`)
    expect(message.topic).equal(value)
    expect(message.options).deep.equal({ [value]: value })
    expect(message.payload.open()).deep.equal({ args: [value], kwargs: { [value]: value } })
  })

  it('refuses strings that are none in JSON', () => {
    const bad = ['\\x', '\\u12', '\\u12g4', '\\', '\n', '\0', '\u001f', "\\'", '\\U0041']
    const lead = ['', 'a'.repeat(62), 'a'.repeat(64), 'a'.repeat(65), 'a'.repeat(300)]
    for (const text of bad) {
      for (const before of lead) {
        const string = `"${before}${text}"`
        expect(refused(`[16,1,{},${string}]`)).match(/^PUBLISH: .*sound JSON/)
        expect(refusedArgs(`[${string}]`)).match(/^PUBLISH: .*sound JSON/)
        expect(refusedArgs(`[],{${string}:1}`)).match(/^PUBLISH: .*sound JSON/)
      }
    }
  })

  it('finds the end of long strings among escapes', () => {
    for (let length = 58; length < 72; length++) {
      for (const tail of ['\\', '"', '\\\\', '\\"', '""""', '\\\\\\"', '\u0001', '😀', '']) {
        const value = 'a'.repeat(length) + tail
        expect(args(JSON.stringify([value, 'next']))).deep.equal([value, 'next'])
        expect(args(JSON.stringify([tail + value + tail, 1]))).deep.equal([tail + value + tail, 1])
      }
    }
  })

  it('looks at every character of a long string, wherever the frame lies in memory', () => {
    const parsed = (text: string) => {
      try {
        return JSON.parse(text)[4]
      } catch {
        return undefined
      }
    }
    for (let offset = 0; offset < 4; offset++) {
      for (const odd of [
        '"',
        '\\',
        '\u0001',
        '\u001f',
        ' ',
        '\u007f',
        'é',
        '\u0080',
        '\\u0041',
        '\\n',
      ]) {
        for (let at = 60; at < 76; at++) {
          const text = `[16,1,{},"a.b",["${'~'.repeat(at)}${odd}${'!'.repeat(79 - at)}"]]`
          // What lies behind the frame would be a sound end for it.
          const memory = bytes(`${'"'.repeat(offset)}${text}"]]"]]`)
          const frame = memory.subarray(offset, offset + Buffer.byteLength(text))
          const value = parsed(text)
          if (value === undefined) expect(refusal(json, frame)).match(/^PUBLISH: .*sound JSON/)
          else expect(opened(json, frame).args).deep.equal(value)
          refusal(json, frame.subarray(0, -3))
        }
      }
    }
  })

  it('reads and refuses strings full of quotes and backslashes in linear time', () => {
    const start = performance.now()
    for (const letter of ['"', '\\', '\n']) {
      const value = letter.repeat(500000)
      expect(args(JSON.stringify([value]))).deep.equal([value])
      expect(refusedArgs(JSON.stringify([value]).slice(0, -2))).match(/^PUBLISH/)
    }
    expect(performance.now() - start).below(2000)
  })

  it('refuses a byte order mark and a second document', () => {
    expect(refused('\ufeff[16,1,{},"a.b"]')).equal('message: is no JSON list')
    for (const second of ['[16,1,{},"a.b"]', ',', ']', '0', 'null', '\0', '//', '\u00a0']) {
      expect(refused(`[16,1,{},"a.b"]${second}`)).equal('PUBLISH: is followed by something else')
    }
  })

  it('refuses what only looks like JSON', () => {
    const lists = [
      '[1,]',
      '[,1]',
      '[1 2]',
      '[1}',
      '[{]',
      '[tru]',
      '[nul]',
      '[True]',
      "['a']",
      '[/**/]',
    ]
    const dicts = [
      '{"a"}',
      '{"a":}',
      '{"a" 1}',
      '{"a":1,}',
      '{,}',
      '{a:1}',
      '{1:1}',
      '{"a":1]',
      '{:1}',
    ]
    for (const text of [...lists, ...dicts.map(dict => `[${dict}]`)]) {
      expect(refusedArgs(text), text).match(/^PUBLISH: /)
    }
    for (const dict of dicts) {
      expect(refused(`[16,1,${dict},"a.b"]`), dict).match(/^PUBLISH: /)
      expect(refusedArgs(`[],${dict}`), dict).match(/^PUBLISH: /)
    }
    const frames = [
      '[16,1,{},"a.b",]',
      '[16,,1,{},"a.b"]',
      '[16 1,{},"a.b"]',
      '[16,1,{},"a.b"}',
      '[',
    ]
    for (const text of frames) expect(refused(text), text).match(/: /)
  })

  it('reads the last of two equal keys, beside a long number too', () => {
    for (const other of ['1', '9007199254740993']) {
      expect(read(`[16,1,{"a":${other},"a":2},"a.b"]`).options).deep.equal({ a: 2 })
      expect(args(`[{"a":${other},"a":2}]`)).deep.equal([{ a: 2 }])
    }
  })

  it('keeps __proto__ as a key beside a long number', () => {
    const [dict] = args('[{"__proto__":{"a":9007199254740993},"toJSON":1}]') as [object]
    expect(Object.keys(dict)).deep.equal(['__proto__', 'toJSON'])
    expect(Object.getPrototypeOf(dict)).equal(Object.prototype)
  })

  it('takes NUL and Base64 for bytes, and anything else behind NUL for text', () => {
    const vector = new Uint8Array(Buffer.from('10e3ff9053075c526f5fc06d4fe37cdb', 'hex'))
    const text = String.raw`"\u0000EOP/kFMHXFJvX8BtT+N82w=="`
    expect(args(`[${text},{"a":[${text}]},"\\u0000"]`)).deep.equal([
      vector,
      { a: [vector] },
      new Uint8Array(0),
    ])
    for (const other of [
      '?',
      'AAA',
      'AA=',
      'A===',
      'AAAA=',
      'AA==AAAA',
      'AA_-',
      ' AAAA',
      'AAAA\\n',
    ]) {
      expect(args(`["\\u0000${other}"]`)).deep.equal([JSON.parse(`"\\u0000${other}"`)])
    }
    expect(args('[{"\\u0000AAAA":1}]')).deep.equal([{ '\0AAAA': 1 }])
    const frame = json.encode({ type: 67, request: 1, details: null })
    expect(Buffer.from(frame).toString()).equal('[67,1]')
    const written = Buffer.from(json.closeTail({ args: [vector, { a: [vector] }] })).toString()
    expect(written).equal(`,[${text},{"a":[${text}]}]`)
  })

  it('writes words that JSON has', () => {
    const tail = json.closeTail({ args: [NaN, Infinity, -Infinity, -0, 2 ** 63, 1e300, 2n ** 64n] })
    expect(Buffer.from(tail).toString()).equal(
      ',[null,null,null,0,9223372036854775808,1e+300,18446744073709551616]',
    )
  })

  it('writes nothing of what JavaScript adds to values', () => {
    const payload = Payload.of([new Date(0), Buffer.from([0]), { toJSON: 'x' }])
    const frame = json.encode({ type: 16, request: 1, options: {}, topic: 'a.b', payload })
    expect(Buffer.from(frame).toString()).equal(
      String.raw`[16,1,{},"a.b",["1970-01-01T00:00:00.000Z","\u0000AA==",{"toJSON":"x"}]]`,
    )
  })
})
