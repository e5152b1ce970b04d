import { Decoder, Encoder } from 'cbor-x'
import { expect } from 'chai'
import type { Publish } from '../../src/protocol/messages.ts'
import { cbor } from '../../src/serializer/cbor.ts'
import { behavesLikeASerializer, hex, opened, refusal } from './suite.ts'

const encoder = new Encoder({ useRecords: false })
const decoder = new Decoder({ useRecords: false, int64AsNumber: true } as object)

/** PUBLISH, request 1, no options, topic "t", and an args list of one value, or what follows it. */
const HEAD = '85 10 01 a0 61 74 81'
const value = (text: string) => opened(cbor, hex(HEAD + text)).args?.[0]
const refused = (text: string) => refusal(cbor, hex(text))

describe('cbor', () => {
  behavesLikeASerializer({
    serializer: cbor,
    write: value => new Uint8Array(encoder.encode(value)),
    read: frame => decoder.decode(frame),
    nested: levels => hex(`85 10 01 a0 61 74 ${'81'.repeat(levels - 1)} 80`),
  })

  it('reads lists, strings, dicts and integers of a head in every wider form', () => {
    const heads = ['84', '98 04', '99 0004', '9a 00000004', '9b 0000000000000004', '9f']
    const codes = ['10', '18 10', '19 0010', '1a 00000010', '1b 0000000000000010']
    const floats = ['f9 4c00', 'fa 41800000', 'fb 4030000000000000']
    const dicts = ['a0', 'b8 00', 'b9 0000', 'ba 00000000', 'bb 0000000000000000', 'bf ff']
    const topics = [
      '63 612e62',
      '78 03 612e62',
      '7b 0000000000000003 612e62',
      '7f 61 61 62 2e62 ff',
    ]
    for (const head of heads) {
      for (const code of [...codes, ...floats]) {
        for (const dict of dicts) {
          for (const topic of topics) {
            const end = head === '9f' ? 'ff' : ''
            const message = cbor.decode(hex(head + code + code + dict + topic + end)) as Publish
            expect(message).include({ type: 16, request: 16, topic: 'a.b' })
            expect(message.options).deep.equal({})
          }
        }
      }
    }
  })

  it('reads messages whose length is told by their end', () => {
    const message = cbor.decode(
      hex('9f 10 01 bf 61 61 f5 ff 61 74 9f 01 9f ff ff bf 61 62 02 ff ff'),
    )
    expect((message as Publish).options).deep.equal({ a: true })
    expect((message as Publish).payload.open()).deep.equal({ args: [1, []], kwargs: { b: 2 } })
    expect(refused('9f 10 01 a0 ff')).equal('PUBLISH: topic is missing')
    expect(refused('9f 10 01 a0 61 74')).match(/^PUBLISH: /)
    expect(refused('9f 10 01 a0 61 74 80 a0 00 ff')).equal('PUBLISH: has surplus elements')
    expect(refused('9f 10 01 a0 61 74 80 a0 ff ff')).equal('PUBLISH: is followed by something else')
    expect(refused('9f ff')).equal('message: message type is missing')
  })

  it('splices the tail of such a message into one of told length', () => {
    const { payload } = cbor.decode(hex('9f 10 01 a0 61 74 9f 01 ff ff')) as Publish
    const frame = cbor.encode({ type: 50, request: 1, details: {}, payload })
    expect(Buffer.from(frame).toString('hex')).equal('84183201a09f01ff')
  })

  it('reads every form of a value (RFC 8949, appendix A)', () => {
    const vectors: [string, unknown][] = [
      ['00', 0],
      ['17', 23],
      ['18 18', 24],
      ['1a 000f4240', 1000000],
      ['1b 000000e8d4a51000', 1000000000000],
      ['1b 0020000000000001', 2n ** 53n + 1n],
      ['1b ffffffffffffffff', 18446744073709551615n],
      ['3b ffffffffffffffff', -18446744073709551616n],
      ['3b 7fffffffffffffff', -(2n ** 63n)],
      ['20', -1],
      ['38 63', -100],
      ['39 03e7', -1000],
      ['3a ffffffff', -4294967296],
      ['3b 0000000000000000', -1],
      ['f9 0000', 0],
      ['f9 8000', -0],
      ['f9 3c00', 1],
      ['f9 3e00', 1.5],
      ['f9 7bff', 65504],
      ['f9 0001', 2 ** -24],
      ['f9 0400', 0.00006103515625],
      ['f9 c400', -4],
      ['fa 47c35000', 100000],
      ['fa 7f7fffff', 3.4028234663852886e38],
      ['fb 3ff199999999999a', 1.1],
      ['fb 7e37e43c8800759c', 1e300],
      ['f9 7c00', Infinity],
      ['f9 7e00', NaN],
      ['f9 fc00', -Infinity],
      ['fa 7f800000', Infinity],
      ['fb fff0000000000000', -Infinity],
      ['f4', false],
      ['f5', true],
      ['f6', null],
      ['f7', null],
      ['40', new Uint8Array(0)],
      ['44 01020304', Uint8Array.of(1, 2, 3, 4)],
      ['58 01 ff', Uint8Array.of(255)],
      ['5b 0000000000000001 ff', Uint8Array.of(255)],
      ['5f 42 0102 43 030405 ff', Uint8Array.of(1, 2, 3, 4, 5)],
      ['5f ff', new Uint8Array(0)],
      ['5f 40 58 01 07 ff', Uint8Array.of(7)],
      ['60', ''],
      ['64 49455446', 'IETF'],
      ['62 225c', '"\\'],
      ['63 e6b0b4', '水'],
      ['64 f0908591', '𐅑'],
      ['7f 65 7374726561 64 6d696e67 ff', 'streaming'],
      ['7f ff', ''],
      ['80', []],
      ['83 01 82 02 03 82 04 05', [1, [2, 3], [4, 5]]],
      ['9f ff', []],
      ['9f 01 82 02 03 9f 04 05 ff ff', [1, [2, 3], [4, 5]]],
      ['a0', {}],
      ['a2 61 61 01 61 62 82 02 03', { a: 1, b: [2, 3] }],
      ['bf ff', {}],
      ['bf 61 61 01 61 62 9f 02 03 ff ff', { a: 1, b: [2, 3] }],
      ['bf 7f 61 61 61 62 ff 01 ff', { ab: 1 }],
      ['a2 61 61 01 61 61 02', { a: 2 }],
    ]
    for (const [text, expected] of vectors) expect(value(text), text).deep.equal(expected)
  })

  it('turns tags and simple values into what others know', () => {
    const vectors: [string, unknown][] = [
      ['c0 74 323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
      ['c1 1a 514b67b0', 1363896240],
      ['c1 fb 41d452d9ec200000', 1363896240.5],
      ['c2 49 010000000000000000', 2n ** 64n],
      ['c3 49 010000000000000000', -(2n ** 64n) - 1n],
      ['d8 02 49 010000000000000000', 2n ** 64n],
      ['d9 0003 41 00', -1],
      ['c2 41 05', 5],
      ['c2 40', 0],
      ['c2 5f 41 01 41 00 ff', Uint8Array.of(1, 0)],
      ['c2 01', 1],
      ['c4 82 20 19 6ab3', [-1, 27315]],
      ['c5 82 20 03', [-1, 3]],
      ['c6 01', 1],
      ['d7 44 01020304', Uint8Array.of(1, 2, 3, 4)],
      ['d8 18 45 6449455446', hex('6449455446')],
      ['d8 20 63 612e62', 'a.b'],
      ['d8 40 43 010203', Uint8Array.of(1, 2, 3)],
      ['d8 45 44 01000200', Uint8Array.of(1, 0, 2, 0)],
      ['d8 40 5f 41 01 41 02 ff', Uint8Array.of(1, 2)],
      // Shared references, records and packed tables of cbor-x: none may be reached.
      ['d8 1c 81 d8 1d 00', [0]],
      ['d8 1d 00', 0],
      ['c6 00', 0],
      ['d8 33 82 81 01 02', [[1], 2]],
      ['d9 dfff 83 19 e000 81 61 61 01', [57344, ['a'], 1]],
      ['d9 dff9 82 61 61 00', ['a', 0]],
      ['d9 0102 81 01', [1]],
      ['d9 0103 a1 61 61 01', { a: 1 }],
      ['d8 1b 82 65 4572726f72 01', ['Error', 1]],
      ['d9 d9f7 01', 1],
      ['da ffffffff 01', 1],
      ['db ffffffffffffffff c0 c1 61 61', 'a'],
      ['f0', null],
      ['f8 18', undefined],
      ['f8 20', null],
      ['f8 ff', null],
      ['e0', null],
      ['82 f0 c1 01', [null, 1]],
    ]
    for (const [text, expected] of vectors) {
      if (expected === undefined) expect(refused(HEAD + text)).match(/^PUBLISH: /)
      else expect(value(text), text).deep.equal(expected)
    }
  })

  it('keeps a big number as bytes where printing it would take long', () => {
    expect(value(`c2 58 80 ${'ff'.repeat(128)}`)).equal(2n ** 1024n - 1n)
    expect(value(`c2 59 ffff ${'ff'.repeat(65535)}`)).deep.equal(new Uint8Array(65535).fill(255))
  })

  it('reads strings whose length has 64 bits, in options too', () => {
    const long = `7b 00000000000000c8 ${'61'.repeat(200)}`
    const blob = `5b 00000000000000c8 ${'61'.repeat(200)}`
    const dict = { ['a'.repeat(200)]: 'a'.repeat(200), b: new Uint8Array(200).fill(0x61) }
    const message = cbor.decode(
      hex(`85 10 01 a2 ${long + long} 61 62 ${blob} 61 74 81 a2 ${long + long} 61 62 ${blob}`),
    ) as Publish
    expect(message.options).deep.equal(dict)
    expect(message.payload.open()).deep.equal({ args: [dict] })
    expect(value('82 78 01 61 7f 7b 0000000000000001 62 ff')).deep.equal(['a', 'b'])
  })

  it('takes undefined in options for null', () => {
    const message = cbor.decode(hex('84 10 01 a1 61 61 f7 61 74')) as Publish
    expect(message.options).deep.equal({ a: null })
  })

  it('refuses tags nested beyond the limit', () => {
    expect(value(`${'c1'.repeat(255)}00`)).equal(0)
    for (const levels of [256, 2000, 200000]) {
      expect(refused(`${HEAD}${'c1'.repeat(levels)}00`)).match(
        /^PUBLISH: is nested deeper than 256/,
      )
      expect(refused(`${HEAD}${'9f'.repeat(levels)}`)).match(/^PUBLISH: is nested deeper than 256/)
    }
  })

  it('refuses tags in a head', () => {
    for (const text of [
      'd9d9f7 84 10 01 a0 61 74',
      '84 c1 10 01 a0 61 74',
      '84 10 c2 41 01 a0 61 74',
      '84 10 01 c1 a0 61 74',
      '84 10 01 a0 c1 61 74',
      '85 10 01 a0 61 74 c1 80',
      '86 10 01 a0 61 74 80 c1 a0',
    ]) {
      expect(refused(text), text).match(/: /)
    }
  })

  it('refuses what is not well-formed (RFC 8949, appendix F)', () => {
    const reserved = [1, 2, 3, 4, 5, 6, 7].flatMap(major =>
      [28, 29, 30].map(info => (major * 32 + info).toString(16)),
    )
    const texts = ['1c', '1d', '1e', '1f', '3f', 'df', 'ff', 'f8 00', 'f8 1f', ...reserved]
    const chunks = ['5f 00 ff', '5f 61 61 ff', '7f 41 61 ff', '5f 5f 41 00 ff ff', '7f 7f ff ff']
    const ends = [
      '81 ff',
      'a1 ff',
      'a1 61 61 ff',
      'bf 61 61 ff',
      'c1 ff',
      '9f',
      'bf',
      '5f',
      '7f',
      '7f 61',
    ]
    for (const text of [...texts, ...chunks, ...ends]) {
      expect(refused(HEAD + text), text).match(/^PUBLISH: /)
      expect(refused(`84 10 01 a1 61 61 ${text} 61 74`), text).match(/^PUBLISH: /)
    }
    for (const text of [...texts, 'f9', 'fa', 'fb 00']) {
      expect(refused(`84 10 ${text} a0 61 74`), text).match(/^PUBLISH: /)
      expect(refused(`84 10 01 a0 ${text}`), text).match(/^PUBLISH: /)
      expect(refused(`84 10 01 ${text}`), text).match(/^PUBLISH: /)
      expect(refused(text), text).match(/^message: /)
    }
  })

  it('refuses lengths that the frame cannot hold, without making room for them', () => {
    const start = performance.now()
    const lengths = ['ffffffffffffffff', '7fffffffffffffff', '0000000100000000', '0020000000000000']
    const bombs = ['9b', 'bb', '5b', '7b'].flatMap(c => lengths.map(length => c + length))
    for (const bomb of [...bombs, '9a ffffffff', 'ba ffffffff', '5a ffffffff', '7a ffffffff']) {
      for (const rest of ['', '00', '00 00 00 00', '61 61 00']) {
        for (const before of ['', '84', '84 10', '84 10 01', '84 10 01 a0', '85 10 01 a0 61 74']) {
          refused(before + bomb + rest)
        }
        expect(refused(HEAD + bomb + rest)).match(/^PUBLISH: /)
        expect(refused(`86 10 01 a0 61 74 80 a1 61 61 ${bomb}${rest}`)).match(/^PUBLISH: /)
      }
    }
    for (const chunk of ['5f 5b ffffffffffffffff', '7f 7b ffffffffffffffff', '7f 7a ffffffff 61']) {
      expect(refused(HEAD + chunk)).match(/^PUBLISH: /)
      expect(refused(`84 10 01 a0 ${chunk}`)).match(/^PUBLISH: /)
    }
    expect(performance.now() - start).below(500)
  })

  it('refuses strings that are no UTF-8, each part of a string by itself', () => {
    const long = '61'.repeat(70)
    for (const bad of ['ff', 'c0 80', 'c3', 'ed a0 80', 'f4 90 80 80', 'e2 82', '80']) {
      const size = bad.replaceAll(' ', '').length / 2
      const short = (0x60 + size).toString(16) + bad
      const wide = `78 ${(70 + size).toString(16)} ${long}${bad}`
      for (const string of [short, wide, `7f ${short} ff`, `7f ${wide} ff`]) {
        expect(refused(HEAD + string), string).equal('PUBLISH: has a string that is no UTF-8')
        expect(refused(`84 10 01 a0 ${string}`)).equal('PUBLISH: has a string that is no UTF-8')
        expect(refused(`84 10 01 a1 ${string} 01 61 74`)).match(/no UTF-8$/)
        expect(refused(`86 10 01 a0 61 74 80 a1 ${string} 01`)).match(/no UTF-8$/)
      }
    }
    expect(refused(`${HEAD} 7f 61 c3 61 a4 ff`)).match(/no UTF-8$/)
  })

  it('refuses dict keys that are no strings', () => {
    for (const key of ['01', 'f6', '41 61', '80', 'a0', 'f9 3c00', 'c1 61 61', 'f7', '5f ff']) {
      expect(refused(`84 10 01 a1 ${key} 01 61 74`)).match(/^PUBLISH: has a dict key/)
      expect(refused(`${HEAD} a1 ${key} 01`)).match(/^PUBLISH: has a dict key/)
      expect(refused(`${HEAD} bf ${key} 01 ff`)).match(/^PUBLISH: has a dict key/)
    }
  })

  it('refuses ids of 64 bits beyond 2^53', () => {
    for (const id of ['1b 0020000000000001', '1b ffffffffffffffff', 'fb 4340000000000001', '20']) {
      expect(refused(`84 10 ${id} a0 61 74`)).match(/^PUBLISH: request is no integer/)
    }
    const message = cbor.decode(hex('84 10 1b 0020000000000000 a0 61 74')) as Publish
    expect(message.request).equal(2 ** 53)
  })

  it('writes integers as integers, in few bytes, and texts and bytes as such', () => {
    const written = (value: unknown) =>
      Buffer.from(cbor.closeTail({ args: [value] })).toString('hex')
    expect(written(1)).equal('8101')
    expect(written(2 ** 31)).equal('811a80000000')
    expect(written(2 ** 40)).equal('811b0000010000000000')
    expect(written(-(2 ** 40))).equal('813b000000ffffffffff')
    expect(written(2n ** 64n - 1n)).equal('811bffffffffffffffff')
    expect(written(-(2n ** 63n))).equal('813b7fffffffffffffff')
    expect(written(2n ** 64n)).equal('81fb43f0000000000000')
    expect(written(0.1)).equal('81fb3fb999999999999a')
    expect(written(Uint8Array.of(1))).equal('814101')
    expect(written('a')).equal('816161')
    expect(written({})).equal('81a0')
    expect(written({ 1: 2 })).equal('81a1613102')
    expect(written([])).equal('8180')
  })
})
