import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import {
  CODECS,
  connect,
  hangUp,
  hello,
  member,
  PROTOCOLS,
  type RawClient,
} from '../helpers/raw-client.ts'

type Kind = 'id' | 'code' | 'string' | 'dict' | 'args' | 'kwargs'

/** The messages of clients: a sound one, and name and kind of what follows the message type. */
const MESSAGES: Record<string, { sound: unknown[]; fields: [string, Kind][] }> = {
  SUBSCRIBE: {
    sound: [32, 1, {}, 'a'],
    fields: [
      ['request', 'id'],
      ['options', 'dict'],
      ['topic', 'string'],
    ],
  },
  UNSUBSCRIBE: {
    sound: [34, 1, 1],
    fields: [
      ['request', 'id'],
      ['subscription', 'id'],
    ],
  },
  PUBLISH: {
    sound: [16, 1, {}, 'a', [], {}],
    fields: [
      ...([
        ['request', 'id'],
        ['options', 'dict'],
        ['topic', 'string'],
      ] as [string, Kind][]),
      ...([
        ['args', 'args'],
        ['kwargs', 'kwargs'],
      ] as [string, Kind][]),
    ],
  },
  REGISTER: {
    sound: [64, 1, {}, 'a'],
    fields: [
      ['request', 'id'],
      ['options', 'dict'],
      ['procedure', 'string'],
    ],
  },
  UNREGISTER: {
    sound: [66, 1, 1],
    fields: [
      ['request', 'id'],
      ['registration', 'id'],
    ],
  },
  CALL: {
    sound: [48, 1, {}, 'a', [], {}],
    fields: [
      ...([
        ['request', 'id'],
        ['options', 'dict'],
        ['procedure', 'string'],
      ] as [string, Kind][]),
      ...([
        ['args', 'args'],
        ['kwargs', 'kwargs'],
      ] as [string, Kind][]),
    ],
  },
  CANCEL: {
    sound: [49, 1, {}],
    fields: [
      ['request', 'id'],
      ['options', 'dict'],
    ],
  },
  YIELD: {
    sound: [70, 1, {}, [], {}],
    fields: [
      ['request', 'id'],
      ['options', 'dict'],
      ['args', 'args'],
      ['kwargs', 'kwargs'],
    ],
  },
  ERROR: {
    sound: [8, 68, 1, {}, 'a.b', [], {}],
    fields: [
      ...([
        ['requestType', 'code'],
        ['request', 'id'],
        ['details', 'dict'],
      ] as [string, Kind][]),
      ...([
        ['error', 'string'],
        ['args', 'args'],
        ['kwargs', 'kwargs'],
      ] as [string, Kind][]),
    ],
  },
  GOODBYE: {
    sound: [6, {}, 'a.b'],
    fields: [
      ['details', 'dict'],
      ['reason', 'string'],
    ],
  },
}

/** Values of other types than a field's. */
const WRONG: Record<Kind, unknown[]> = {
  id: [0, -1, 1.5, 2n ** 53n + 1n, 2n ** 64n - 1n, '1', null, true, [1], {}],
  code: [-1, 1.5, 2n ** 53n + 1n, '68', null, true, [68]],
  string: [1, null, true, [], {}],
  dict: [[], null, 'x', 1, false],
  args: [{}, null, 'x', 1, true],
  kwargs: [[], null, 'x', 1, true],
}

const ROUTER_ONLY: Record<string, unknown[]> = {
  WELCOME: [2, 1, {}],
  CHALLENGE: [4, 'ticket', {}],
  PUBLISHED: [17, 1, 1],
  SUBSCRIBED: [33, 1, 1],
  UNSUBSCRIBED: [35, 1],
  EVENT: [36, 1, 1, {}],
  RESULT: [50, 1, {}],
  REGISTERED: [65, 1, 1],
  UNREGISTERED: [67, 1],
  INVOCATION: [68, 1, 1, {}],
  INTERRUPT: [69, 1, {}],
}

function nested(levels: number): unknown {
  let value: unknown = []
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

/** One breach: what is sent, and what the ABORT must name. */
type Row = [name: string, message: unknown, names: RegExp]

function text(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item))
}

/** Messages that are wrong in themselves, whenever they come. */
const MALFORMED: Row[] = [
  ...[0, 7, 9, 15, 71, 100, 255, 1e6, 2 ** 53].map(
    (code): Row => [`message type ${code}`, [code, 1, {}, 'a'], new RegExp(`type ${code}$`)],
  ),
  ...[-1, '32', 32.5, null, [32], true, {}].map(
    (code): Row => [`message type ${text(code)}`, [code, 1, {}, 'a'], /message type/],
  ),
  ['an empty list', [], /message type/],
  ...[{}, { 0: 32 }, null, 'x', 1, true, ''].map(
    (value): Row => [`${text(value)} for a message`, value, /is no (JSON )?list/],
  ),
  ...Object.entries(MESSAGES).flatMap(([name, { sound, fields }]): Row[] => [
    ...fields
      .map(
        ([field, kind], i): Row => [
          `${name} without ${field}`,
          sound.slice(0, i + 1),
          kind === 'args' || kind === 'kwargs'
            ? /never/
            : new RegExp(`${name}: ${field} is missing`),
        ],
      )
      .filter(([, , names]) => names.source !== 'never'),
    [`${name} with a surplus element`, [...sound, 1], new RegExp(`${name}: .*surplus`)],
    ...fields.flatMap(([field, kind], i) =>
      WRONG[kind].map(
        (value): Row => [
          `${name} with ${text(value)} for ${field}`,
          sound.with(i + 1, value),
          new RegExp(`${name}: ${field}`),
        ],
      ),
    ),
  ]),
]

/** Messages that are sound, but not for a client to send in a session. */
const IN_SESSION: Row[] = [
  ['a second HELLO', hello(), /HELLO/],
  ['a HELLO to another realm', hello('realm2'), /HELLO/],
  ['AUTHENTICATE', [5, 'signature', {}], /AUTHENTICATE/],
  ...Object.entries(ROUTER_ONLY).map(([name, message]): Row => [name, message, new RegExp(name)]),
  ...[1, 16, 32, 34, 48, 64, 66, 70, 0].map(
    (type): Row => [
      `ERROR for a request of type ${type}`,
      [8, type, 1, {}, 'a.b'],
      /ERROR: .*type/,
    ],
  ),
  ['YIELD for an invocation never sent', [70, 1, {}, []], /YIELD: .*invocation 1/],
  ['ERROR for an invocation never sent', [8, 68, 5, {}, 'a.b'], /ERROR: .*invocation 5/],
  ['payload passthru in PUBLISH', [16, 1, { ppt_scheme: 'wamp' }, 'a', ['x']], /passthru/],
  ['payload passthru in CALL', [48, 1, { ppt_scheme: 'x_a' }, 'a', ['x']], /passthru/],
  ['args nested too deep', [16, 1, {}, 'a', [nested(300)]], /PUBLISH: .*nested/],
  ['kwargs nested too deep', [48, 1, {}, 'a', [], { k: nested(300) }], /CALL: .*nested/],
  ['options nested too deep', [32, 1, { k: nested(300) }, 'a'], /SUBSCRIBE: .*nested/],
]

const BEFORE_HELLO: Row[] = [
  ...Object.entries(MESSAGES).map(([name, { sound }]): Row => [name, sound, new RegExp(name)]),
  ...Object.entries(ROUTER_ONLY).map(([name, message]): Row => [name, message, new RegExp(name)]),
  ['AUTHENTICATE', [5, 'signature', {}], /AUTHENTICATE/],
]

const BAD_HELLOS: Row[] = [
  ['HELLO without anything', [1], /HELLO: realm is missing/],
  ['HELLO without details', [1, 'realm1'], /HELLO: details is missing/],
  ['HELLO with a surplus element', [...hello(), 1], /HELLO: .*surplus/],
  ...[1, null, [], {}].map(
    (realm): Row => [`HELLO with ${text(realm)} for realm`, hello().with(1, realm), /HELLO: realm/],
  ),
  ...[[], null, 'x', 1].map(
    (value): Row => [
      `HELLO with ${text(value)} for details`,
      [1, 'realm1', value],
      /HELLO: details/,
    ],
  ),
  ['HELLO without roles', [1, 'realm1', {}], /HELLO: details.roles/],
  ...[[], null, 'x', 1].map(
    (roles): Row => [
      `HELLO with ${text(roles)} for roles`,
      [1, 'realm1', { roles }],
      /HELLO: details.roles/,
    ],
  ),
]

/** Frames that are no message of the subprotocol at all. */
const FRAMES: Record<string, [name: string, frame: string | Uint8Array][]> = {
  'wamp.2.json': [
    ['an empty frame', ''],
    ['blanks', ' \n'],
    ['garbage', 'HTTP/1.1 200 OK'],
    ['a list that does not end', '[32,1,{},"a"'],
    ['a string that does not end', '[32,1,{},"a'],
    ['trailing garbage', '[32,1,{},"a"]x'],
    ['two documents', '[32,1,{},"a"][32,2,{},"b"]'],
    ['a batch', '[32,1,{},"a"]\x1e[32,2,{},"b"]\x1e'],
    ['a trailing comma', '[32,1,{},"a",]'],
    ['a missing element', '[32,,{},"a"]'],
    ['a byte order mark', '\ufeff[32,1,{},"a"]'],
    ['single quotes', "[32,1,{},'a']"],
    ['a bare word in args', '[16,1,{},"a",[undefined]]'],
    ['NaN in args', '[16,1,{},"a",[NaN]]'],
    ['a leading zero', '[32,01,{},"a"]'],
    ['a hexadecimal id', '[32,0x1,{},"a"]'],
    ['an id of 400 digits', `[32,${'9'.repeat(400)},{},"a"]`],
    ['an id beyond all floats', '[32,1e999999,{},"a"]'],
    ['a number of 100,000 digits in args', `[16,1,{},"a",[${'9'.repeat(100_000)}]]`],
    ['a bad escape', '[32,1,{},"\\x41"]'],
    ['a raw control character', '[32,1,{},"a\u0001"]'],
    ['100,000 opening brackets', '['.repeat(100_000)],
    ['args of 100,000 opening brackets', `[16,1,{},"a",${'['.repeat(100_000)}`],
  ],
  'wamp.2.msgpack': [
    ['an empty frame', Buffer.alloc(0)],
    ['an unused byte', Buffer.from([0xc1])],
    ['a list that does not end', Buffer.from('942001', 'hex')],
    ['two documents', Buffer.from('94200180a16194200280a162', 'hex')],
    ['a trailing byte', Buffer.from('94200180a16100', 'hex')],
    ['a list of 4 billion', Buffer.from('ddffffffff', 'hex')],
    ['args of 4 billion', Buffer.from('95100180a161ddffffffff', 'hex')],
    ['a string of 4 billion bytes', Buffer.from('94200180dbffffffff', 'hex')],
    ['a string that is no UTF-8', Buffer.from('94200180a2c328', 'hex')],
    ['a dict with a number for a key', Buffer.from('942001810102a161', 'hex')],
    ['100,000 opening lists', Buffer.alloc(100_000, 0x91)],
  ],
  'wamp.2.cbor': [
    ['an empty frame', Buffer.alloc(0)],
    ['an unused byte', Buffer.from([0xfc])],
    ['a list that does not end', Buffer.from('84182001', 'hex')],
    ['two documents', Buffer.from('84182001a0616184182002a06162', 'hex')],
    ['a trailing byte', Buffer.from('84182001a0616100', 'hex')],
    ['a list of 2^64', Buffer.from('9bffffffffffffffff', 'hex')],
    ['args of 2^64', Buffer.from('851001a061619bffffffffffffffff', 'hex')],
    ['a string of 2^64 bytes', Buffer.from('84182001a07bffffffffffffffff', 'hex')],
    ['a string that is no UTF-8', Buffer.from('84182001a062c328', 'hex')],
    ['a dict with a number for a key', Buffer.from('84182001a101026161', 'hex')],
    ['a list without end', Buffer.from('9f182001a06161', 'hex')],
    ['100,000 opening lists', Buffer.alloc(100_000, 0x81)],
  ],
}

for (const protocol of PROTOCOLS) {
  describe(`protocol violations over ${protocol}`, () => {
    const log = errorLog()
    const codec = CODECS[protocol] as (typeof CODECS)[string]
    let router: Router
    let url: string
    /** Sessions of the same realm that must not notice anything. */
    let bystander: RawClient
    let prober: RawClient
    let request = 0

    before(async () => {
      router = createRouter({ development: true, logger: log })
      url = (await router.listen({ port: 0 })).url
      bystander = await member(url, protocol)
      prober = await member(url)
      await bystander.ask([32, 1, {}, 'by.topic'])
      await bystander.ask([64, 2, {}, 'by.procedure'])
    })
    after(async () => {
      hangUp()
      await router.close()
      expect(log.errors).deep.equal([])
    })

    /** The bystander gets events and calls, and nothing is left of the offender. */
    async function nobodyNotices(): Promise<void> {
      prober.send([16, ++request, {}, 'by.topic', [request]])
      expect((await bystander.next())[4]).deep.equal([request])
      prober.send([48, ++request, {}, 'by.procedure', [request]])
      const invocation = await bystander.next()
      bystander.send([70, invocation[1], {}, invocation[4]])
      expect(await prober.next()).deep.equal([50, request, {}, [request]])
      for (const name of ['of.the.offender', 'behind.the.breach']) {
        const answer = await prober.ask([48, ++request, {}, name])
        expect(answer[4], name).equal('wamp.error.no_such_procedure')
      }
    }

    async function aborted(offender: RawClient, frame: string | Uint8Array, names: RegExp) {
      offender.sendRaw(frame)
      offender.send([64, 1000, {}, 'behind.the.breach'])
      const answers = await offender.rest()
      expect(answers.length, 'answers').equal(1)
      const [type, details, reason] = answers[0] as [number, { message: string }, string]
      expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
      expect(details.message).match(names)
      expect((await offender.closed).code).equal(1002)
      await nobodyNotices()
    }

    const outOfSession = (rows: Row[]) => {
      for (const [name, message, names] of rows) {
        it(`${name}`, async () => {
          await aborted(await connect(url, protocol), codec.encode(message), names)
        })
      }
    }

    async function inSession(): Promise<RawClient> {
      const offender = await member(url, protocol)
      await offender.ask([64, 1, {}, 'of.the.offender'])
      await offender.ask([32, 2, {}, 'by.topic'])
      return offender
    }

    describe('in a session:', () => {
      for (const [name, message, names] of [...IN_SESSION, ...MALFORMED]) {
        it(`${name}`, async () => aborted(await inSession(), codec.encode(message), names))
      }
      for (const [name, frame] of FRAMES[protocol] ?? []) {
        it(`${name}`, async () => aborted(await inSession(), frame, /^\w+: /))
      }
    })

    describe('before HELLO:', () => {
      outOfSession(BEFORE_HELLO)
      outOfSession(BAD_HELLOS)
      outOfSession(MALFORMED.slice(0, 25))
      for (const [name, frame] of FRAMES[protocol] ?? []) {
        it(`${name}`, async () => aborted(await connect(url, protocol), frame, /^\w+: /))
      }
    })

    describe('after GOODBYE:', () => {
      for (const [name, message, names] of [...BEFORE_HELLO, ...BAD_HELLOS]) {
        it(`${name}`, async () => {
          const offender = await inSession()
          expect(await offender.ask([6, {}, 'wamp.close.close_realm'])).deep.equal([
            ...[6, {}, 'wamp.close.goodbye_and_out'],
          ])
          await aborted(offender, codec.encode(message), names)
        })
      }
    })

    it('an answer that comes too late is none', async () => {
      const callee = await inSession()
      prober.send([48, ++request, {}, 'of.the.offender'])
      const [, invocation] = await callee.next()
      prober.send([49, request, {}])
      expect((await prober.next())[4]).equal('wamp.error.canceled')
      callee.send([70, invocation, {}, ['late']])
      callee.send([8, 68, invocation, {}, 'a.b'])
      expect((await callee.ask([32, 9, {}, 'still.here']))[0]).equal(33)
      await callee.close()
      await nobodyNotices()
    })
  })
}
