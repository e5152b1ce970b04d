import { expect } from 'chai'
import fc from 'fast-check'
import { ContentError, contentOf, payloadOf } from '../../src/gateway/content.ts'
import { PUBLISH, type Publish } from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import { json } from '../../src/serializer/json.ts'

const body = (text: string) => Buffer.from(text)
const values = (type: string, text: string) => payloadOf({ type, body: body(text) }).open()

const published = (payload: Payload): Publish => ({
  ...{ type: PUBLISH, request: 1, options: {}, topic: 'a.b', payload },
})

/** Args and kwargs, those that are left out as empty ones. */
function whole(payload: Payload): { args: unknown[]; kwargs: Dict } {
  const { args = [], kwargs = {} } = payload.open()
  return { args, kwargs }
}

describe('the content of other protocols', () => {
  it('in JSON is args, kwargs, or both', () => {
    const type = 'application/json'
    expect(values(type, '[1, "a"]')).deep.equal({ args: [1, 'a'] })
    expect(values(type, '{"a": 1}')).deep.equal({ args: [], kwargs: { a: 1 } })
    expect(values(type, '{"args": [1], "kwargs": {"a": 2}}')).deep.equal({
      args: [1],
      kwargs: { a: 2 },
    })
    expect(values(type, '{"args": [1]}')).deep.equal({ args: [1] })
    expect(values(type, '{"args": 1}')).deep.equal({ args: [], kwargs: { args: 1 } })
    for (const text of ['1', '"a"', 'null', 'true']) {
      expect(values(type, text)).deep.equal({ args: [JSON.parse(text)] })
    }
    expect(values('application/vnd.app+json; charset=utf-8', '[9007199254740993]')).deep.equal({
      args: [9007199254740993n],
    })
  })

  it('in JSON nests as deep as what the router takes in, and is refused beyond', () => {
    const type = 'application/json'
    const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const forms = [
      lists,
      (depth: number) => `{"a":${lists(depth - 1)}}`,
      (depth: number) => `{"args":${lists(depth - 1)}}`,
      (depth: number) => `{"args":${lists(depth - 1)},"kwargs":{"a":9007199254740993}}`,
      (depth: number) => `{"args":${lists(depth - 1)},"args":["\\"[",9007199254740993]}`,
    ]
    expect(payloadOf({ type, body: body(`["${'['.repeat(300)}\\""]`) }).count).equal(1)
    for (const form of forms) {
      const payload = payloadOf({ type, body: body(form(255)) })
      expect(() => json.decode(json.encode(published(payload)))).not.throw()
      for (const depth of [256, 5000, 30_000]) {
        const deep = () => payloadOf({ type, body: body(form(depth)) })
        expect(deep, String(depth)).throw(ContentError, 'nested deeper than 255')
      }
    }
  })

  it('in JSON crosses as it is, without being written anew', () => {
    const type = 'application/json'
    const texts = [
      ...['[1, 2 ]', '[ "a","b"]', '[1e3, 9007199254740993]', '{ "a": [1] }', '{"args": 1}'],
      ...[' { "b" : 9007199254740993}', '[[ ]]', '[{"a":1}]', '[null]'],
    ]
    for (const text of texts) {
      const tail = json.encode(published(payloadOf({ type, body: body(text) })))
      const { payload } = json.decode(tail) as Publish
      const content = contentOf(payload)
      expect(content.type).equal(type)
      expect(Buffer.from(content.body).toString().trim()).equal(text.trim())
    }
  })

  it('is the same whether a payload comes in JSON or as values', () => {
    const value = fc.oneof(fc.constantFrom('', 'a', null, 1, 'args'), fc.jsonValue())
    const key = fc.constantFrom('args', 'kwargs', 'a', '', ']')
    const payload = fc.record({
      args: fc.array(value, { maxLength: 2 }),
      kwargs: fc.option(fc.dictionary(key, value, { noNullPrototype: true })),
    })
    fc.assert(
      fc.property(payload, ({ args, kwargs }) => {
        const values = Payload.of(args, kwargs ?? undefined)
        const { payload } = json.decode(json.encode(published(values))) as Publish
        const [one, other] = [contentOf(values), contentOf(payload)]
        expect(other.type).equal(one.type)
        expect(Buffer.from(other.body).toString()).equal(Buffer.from(one.body).toString())
      }),
      { numRuns: 500 },
    )
  })

  it('in text is one string, and of any other type bytes', () => {
    expect(values('text/plain', 'grüß dich')).deep.equal({ args: ['grüß dich'] })
    expect(values('', 'a')).deep.equal({ args: ['a'] })
    expect(values('image/png', 'a')).deep.equal({ args: [new Uint8Array([97])] })
  })

  it('without a body is no payload', () => {
    for (const type of ['application/json', 'text/plain', 'image/png', '']) {
      expect(payloadOf({ type, body: body('') }).count).equal(0)
    }
  })

  it('that is not what its type says is refused', () => {
    const bad = [
      ['application/json', '{'],
      ['application/json', '1,2'],
      ['application/json', '1],[2'],
      ['application/json', ' '],
      ['text/plain; charset=latin1', 'a'],
    ]
    for (const [type = '', text = ''] of bad) {
      expect(() => values(type, text), text).throw(ContentError)
    }
    expect(payloadOf({ type: '', body: Buffer.from([0xff]) }).open()).deep.equal({
      args: [new Uint8Array([0xff])],
    })
    for (const type of ['text/plain', 'application/json']) {
      const broken = { type, body: Buffer.from([0x22, 0xff, 0x22]) }
      expect(() => payloadOf(broken)).throw(ContentError, 'UTF-8')
    }
  })

  it('gives the same payload again, whatever that is', () => {
    const key = fc.oneof(fc.constantFrom('args', 'kwargs'), fc.string())
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
    )
    const { value } = fc.letrec(tie => ({
      value: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('dict')),
      list: fc.array(tie('value')),
      dict: fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    }))
    const payload = fc.record({
      args: fc.array(value, { maxLength: 3 }),
      kwargs: fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true }),
    })
    fc.assert(
      fc.property(payload, ({ args, kwargs }) => {
        const content = contentOf(Payload.of(args, kwargs))
        expect(whole(payloadOf(content))).deep.equal({ args, kwargs })
      }),
      { numRuns: 500 },
    )
  })

  it('is never more than an error, whatever comes', () => {
    const type = fc.oneof(fc.constantFrom('application/json', 'text/plain', 'x/y'), fc.string())
    fc.assert(
      fc.property(type, fc.uint8Array(), (type, bytes) => {
        try {
          payloadOf({ type, body: bytes })
        } catch (error) {
          expect(error).instanceOf(ContentError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
