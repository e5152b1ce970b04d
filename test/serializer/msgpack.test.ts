import { expect } from 'chai'
import { Packr, Unpackr } from 'msgpackr'
import type { Publish } from '../../src/protocol/messages.ts'
import { msgpack } from '../../src/serializer/msgpack.ts'
import { behavesLikeASerializer, hex, opened, refusal } from './suite.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' })

/** PUBLISH, request 1, no options, topic "t", and an args list of one value, or what follows it. */
const HEAD = '95 10 01 80 a1 74 91'
const value = (text: string) => opened(msgpack, hex(HEAD + text)).args?.[0]
const refused = (text: string) => refusal(msgpack, hex(text))

describe('msgpack', () => {
  behavesLikeASerializer({
    serializer: msgpack,
    write: value => new Uint8Array(packr.pack(value)),
    read: frame => unpackr.unpack(frame),
    nested: levels => hex(`95 10 01 80 a1 74 ${'91'.repeat(levels - 1)} 90`),
  })

  it('reads lists, strings, dicts and integers of a head in every wider form', () => {
    const heads = ['94', 'dc 0004', 'dd 00000004']
    const codes = [
      '10',
      'cc 10',
      'cd 0010',
      'ce 00000010',
      'cf 0000000000000010',
      'd0 10',
      'd1 0010',
    ]
    const ids = ['d2 00000010', 'd3 0000000000000010', 'ca 41800000', 'cb 4030000000000000']
    const dicts = ['80', 'de 0000', 'df 00000000']
    const topics = ['a3 612e62', 'd9 03 612e62', 'da 0003 612e62', 'db 00000003 612e62']
    for (const head of heads) {
      for (const code of [...codes, ...ids]) {
        for (const dict of dicts) {
          for (const topic of topics) {
            const message = msgpack.decode(hex(head + code + code + dict + topic)) as Publish
            expect(message).include({ type: 16, request: 16, topic: 'a.b' })
            expect(message.options).deep.equal({})
          }
        }
      }
    }
  })

  it('reads every form of a value', () => {
    const vectors: [string, unknown][] = [
      ['c0', null],
      ['c2', false],
      ['c3', true],
      ['00', 0],
      ['7f', 127],
      ['e0', -32],
      ['ff', -1],
      ['cc ff', 255],
      ['cd ffff', 65535],
      ['ce ffffffff', 4294967295],
      ['cf 0000000000000001', 1],
      ['cf 001fffffffffffff', 2 ** 53 - 1],
      ['cf 0020000000000001', 2n ** 53n + 1n],
      ['cf ffffffffffffffff', 2n ** 64n - 1n],
      ['d0 80', -128],
      ['d1 8000', -32768],
      ['d2 80000000', -2147483648],
      ['d3 ffffffffffffffff', -1],
      ['d3 8000000000000000', -(2n ** 63n)],
      ['ca 3fc00000', 1.5],
      ['cb 3ff8000000000000', 1.5],
      ['cb 7ff0000000000000', Infinity],
      ['ca 7fc00000', NaN],
      ['a0', ''],
      ['d9 00', ''],
      ['da 0001 61', 'a'],
      ['db 00000002 c3a4', 'ä'],
      ['c4 00', new Uint8Array(0)],
      ['c4 01 ff', Uint8Array.of(255)],
      ['c5 0001 00', Uint8Array.of(0)],
      ['c6 00000001 00', Uint8Array.of(0)],
      ['90', []],
      ['92 01 c0', [1, null]],
      ['dc 0001 01', [1]],
      ['dd 00000001 01', [1]],
      ['80', {}],
      ['81 a1 61 01', { a: 1 }],
      ['de 0001 d9 01 61 01', { a: 1 }],
      ['df 00000001 da 0001 61 01', { a: 1 }],
      ['82 a1 61 01 a1 61 02', { a: 2 }],
    ]
    for (const [text, expected] of vectors) expect(value(text), text).deep.equal(expected)
  })

  it('turns extension types into what others know', () => {
    const vectors: [string, unknown][] = [
      ['d4 00 00', null],
      ['d4 00 01', Uint8Array.of(1)],
      ['d4 05 00', Uint8Array.of(0)],
      ['d5 05 0102', Uint8Array.of(1, 2)],
      ['d6 05 01020304', Uint8Array.of(1, 2, 3, 4)],
      ['d7 05 0102030405060708', hex('0102030405060708')],
      ['d8 05 000102030405060708090a0b0c0d0e0f', hex('000102030405060708090a0b0c0d0e0f')],
      ['c7 00 05', new Uint8Array(0)],
      ['c7 03 05 010203', Uint8Array.of(1, 2, 3)],
      ['c8 0001 72 01', Uint8Array.of(1)],
      ['c9 00000001 ff 01', Uint8Array.of(1)],
      [`c8 0100 05 ${'aa'.repeat(256)}`, new Uint8Array(256).fill(0xaa)],
      ['d6 ff 00000000', '1970-01-01T00:00:00.000Z'],
      ['d6 ff ffffffff', '2106-02-07T06:28:15.000Z'],
      ['d7 ff 0000000400000000', '1970-01-01T00:00:00.000000001Z'],
      ['d7 ff ee6b27fc00000000', '1970-01-01T00:00:00.999999999Z'],
      ['d7 ff 1dcd650300000000', '2378-04-22T19:24:48.125Z'],
      ['c7 0c ff 00000001 ffffffffffffffff', '1969-12-31T23:59:59.000000001Z'],
      ['c7 0c ff 00000000 7fffffffffffffff', hex('00000000 7fffffffffffffff')],
      ['d7 ff ffffffffffffffff', hex('ffffffffffffffff')],
      // The type by which msgpackr tells classes and records: nothing of it may be reached.
      ['d4 72 40', Uint8Array.of(0x40)],
      ['c7 03 73 01a130', hex('01a130')],
      ['d6 69 00000001', hex('00000001')],
    ]
    for (const [text, expected] of vectors) expect(value(text), text).deep.equal(expected)
    const list = opened(msgpack, hex('95 10 01 80 a1 74 93 d40000 81 a1 61 d40500 d6 ff 00000000'))
    expect(list.args).deep.equal([null, { a: Uint8Array.of(0) }, '1970-01-01T00:00:00.000Z'])
  })

  it('takes undefined in options for null', () => {
    const message = msgpack.decode(hex('94 10 01 81 a1 61 d40000 a1 74')) as Publish
    expect(message.options).deep.equal({ a: null })
  })

  it('refuses the byte that MessagePack never uses', () => {
    expect(refused(`${HEAD} c1`)).equal('PUBLISH: is no sound MessagePack')
    expect(refused('94 10 c1 80 a1 74')).match(/^PUBLISH: request/)
    expect(refused('94 10 01 c1 a1 74')).match(/^PUBLISH: options/)
    expect(refused('94 10 01 80 c1')).match(/^PUBLISH: topic/)
    expect(refused('c1')).match(/^message/)
  })

  it('refuses lengths that the frame cannot hold, without making room for them', () => {
    const start = performance.now()
    for (const bomb of ['dd', 'df', 'db', 'c6', 'c9'].map(c => `${c} ffffffff`)) {
      for (const rest of ['', '00', '00 00 00 00', 'a1 61 00']) {
        for (const before of ['', '94', '94 10', '94 10 01', '94 10 01 80', '95 10 01 80 a1 74']) {
          refused(before + bomb + rest)
        }
        expect(refused(HEAD + bomb + rest)).match(/^PUBLISH: /)
        expect(refused(`96 10 01 80 a1 74 90 81 a1 61 ${bomb}${rest}`)).match(/^PUBLISH: /)
      }
    }
    for (const text of [
      'dc ffff',
      'de ffff',
      'da ffff',
      'd9 ff',
      'c4 ff',
      'c5 ffff',
      'c7 ff',
      'bf',
    ]) {
      expect(refused(HEAD + text)).match(/^PUBLISH: /)
    }
    expect(performance.now() - start).below(500)
  })

  it('refuses strings that are no UTF-8', () => {
    const long = '61'.repeat(70)
    for (const bad of ['ff', 'c0 80', 'c3', 'ed a0 80', 'f4 90 80 80', 'e2 82', '80']) {
      const size = bad.replaceAll(' ', '').length / 2
      const short = (0xa0 + size).toString(16)
      const wide = `d9 ${(70 + size).toString(16)} ${long}`
      for (const string of [short, wide]) {
        expect(refused(HEAD + string + bad)).equal('PUBLISH: has a string that is no UTF-8')
        expect(refused(`94 10 01 80 ${string}${bad}`)).equal(
          'PUBLISH: has a string that is no UTF-8',
        )
        expect(refused(`94 10 01 81 ${string}${bad} 01 a1 74`)).match(/no UTF-8$/)
        expect(refused(`96 10 01 80 a1 74 90 81 ${string}${bad} 01`)).match(/no UTF-8$/)
      }
    }
  })

  it('refuses dict keys that are no strings', () => {
    for (const key of ['01', 'c0', 'c4 01 61', '90', '80', 'cb 3ff8000000000000', 'd40000', 'c1']) {
      expect(refused(`94 10 01 81 ${key} 01 a1 74`)).match(/^PUBLISH: has a dict key/)
      expect(refused(`${HEAD} 81 ${key} 01`)).match(/^PUBLISH: has a dict key/)
    }
  })

  it('refuses ids of 64 bits beyond 2^53', () => {
    for (const id of ['0020000000000001', '0020000000000002', 'ffffffffffffffff']) {
      expect(refused(`94 10 cf ${id} 80 a1 74`)).match(/^PUBLISH: request is no integer/)
    }
    expect(refused('94 10 cb 4340000000000001 80 a1 74')).match(/^PUBLISH: request is no integer/)
    const message = msgpack.decode(hex('94 10 cf 0020000000000000 80 a1 74')) as Publish
    expect(message.request).equal(2 ** 53)
  })

  it('writes integers as integers, in few bytes, and texts and bytes as such', () => {
    const written = (value: unknown) =>
      Buffer.from(msgpack.closeTail({ args: [value] })).toString('hex')
    expect(written(1)).equal('9101')
    expect(written(2 ** 40)).equal('91d30000010000000000')
    expect(written(-(2 ** 40))).equal('91d3ffffff0000000000')
    expect(written(2 ** 31)).equal('91ce80000000')
    expect(written(2n ** 64n - 1n)).equal('91cfffffffffffffffff')
    expect(written(-(2n ** 63n))).equal('91d38000000000000000')
    expect(written(2n ** 64n)).equal('91cb43f0000000000000')
    expect(written(0.1)).equal('91cb3fb999999999999a')
    expect(written(Uint8Array.of(1))).equal('91c40101')
    expect(written('a')).equal('91a161')
    expect(written({})).equal('9180')
    expect(written({ 1: 2 })).equal('9181a13102')
  })
})
