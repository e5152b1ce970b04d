import { expect } from 'chai'
import fc from 'fast-check'
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

/** Enough runs to meet much, few enough to stay within a second or so for each property. */
const BOUNDS = { numRuns: 150, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false }

/** What a router may send. */
const ROUTER_SENDS = [2, 3, 6, 8, 17, 33, 35, 36, 50, 65, 67, 68, 69]
const MARK = 987_654_321

const id = fc.oneof(
  { weight: 50, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 2 ** 31, 2 ** 32, 2 ** 53, 1.5) },
)
const uri = fc.constantFrom(
  ...['fuzz.a', 'fuzz.a.b', 'fuzz..b', 'fuzz.', '', 'wamp.session.get', 'wamp', 'fuzz.π', 'a b'],
)
const options = fc.record(
  {
    match: fc.constantFrom('exact', 'prefix', 'wildcard', 'regex', 1, null),
    acknowledge: fc.constantFrom(true, false, 1),
    exclude_me: fc.constantFrom(true, false, null),
    exclude: fc.constantFrom([], [1, 2], ['x'], 'x', null),
    eligible_authrole: fc.constantFrom([], ['anonymous'], [1], {}),
    mode: fc.constantFrom('skip', 'kill', 'killnowait', 'murder', '', 7),
    progress: fc.boolean(),
    invoke: fc.constantFrom('single', 'roundrobin'),
    ['__proto__']: fc.constant({ match: 'prefix' }),
  },
  { requiredKeys: [] },
)
const tail = fc.oneof(
  fc.constant([]),
  fc.array(fc.jsonValue(), { maxLength: 4 }).map(args => [args]),
  fc
    .tuple(fc.array(fc.jsonValue(), { maxLength: 3 }), fc.dictionary(fc.string(), fc.jsonValue()))
    .map(([args, kwargs]) => [args, kwargs]),
)
const withTail = (head: fc.Arbitrary<unknown[]>) =>
  fc.tuple(head, tail).map(([elements, rest]) => [...elements, ...rest])

const weighed = (weight: number, arbitrary: fc.Arbitrary<unknown[]>) => ({ weight, arbitrary })

/** Messages that are sound but for their ids, URIs and options. Few of them end a session. */
const message: fc.Arbitrary<unknown[]> = fc.oneof(
  weighed(8, fc.tuple(fc.constantFrom(32, 64), id, options, uri)),
  weighed(8, withTail(fc.tuple(fc.constantFrom(16, 48), id, options, uri))),
  weighed(4, fc.tuple(fc.constantFrom(34, 66), id, id)),
  weighed(4, fc.tuple(fc.constant(49), id, options)),
  weighed(3, withTail(fc.tuple(fc.constant(70), id, options))),
  weighed(2, withTail(fc.tuple(fc.constant(8), fc.constant(68), id, options, uri))),
  weighed(1, fc.constantFrom([6, {}, 'a.b'], [3, {}, 'a.b'], hello('realm1'), [5, 'x', {}])),
)

/** Changes to the bytes of a frame. */
const damage = fc.array(
  fc.record({
    at: fc.nat(),
    how: fc.constantFrom('flip', 'set', 'insert', 'delete', 'cut', 'double'),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
)

function damaged(frame: Uint8Array, changes: { at: number; how: string; byte: number }[]): Buffer {
  let bytes = Buffer.from(frame)
  for (const { at, how, byte } of changes) {
    const i = at % (bytes.length + 1)
    const [head, rest] = [bytes.subarray(0, i), bytes.subarray(i)]
    const old = rest[0] ?? 0
    if (how === 'flip') {
      bytes = Buffer.concat([head, Buffer.from([old ^ (1 << (byte & 7))]), rest.subarray(1)])
    } else if (how === 'set') bytes = Buffer.concat([head, Buffer.from([byte]), rest.subarray(1)])
    else if (how === 'insert') bytes = Buffer.concat([head, Buffer.from([byte]), rest])
    else if (how === 'delete') bytes = Buffer.concat([head, rest.subarray(1 + (byte & 3))])
    else if (how === 'cut') bytes = Buffer.from(head)
    else bytes = Buffer.concat([bytes, rest])
  }
  return bytes
}

for (const protocol of PROTOCOLS) {
  describe(`whatever clients send over ${protocol}`, () => {
    const log = errorLog()
    const codec = CODECS[protocol] as (typeof CODECS)[string]
    const encode = (value: unknown) => Buffer.from(codec.encode(value) as string)
    const isBinary = protocol !== 'wamp.2.json'
    let router: Router
    let url: string
    let bystander: RawClient

    before(async () => {
      router = createRouter({ development: true, logger: log })
      url = (await router.listen({ port: 0 })).url
      bystander = await member(url, protocol)
      await bystander.ask([32, 1, {}, 'by.topic'])
      await bystander.ask([64, 2, {}, 'by.procedure'])
    })
    after(async () => {
      hangUp()
      await router.close()
    })

    /** A session of the realm publishes, subscribes and calls as ever, and the router is sound. */
    afterEach(async () => {
      expect(log.errors).deep.equal([])
      const own = { exclude_me: false, acknowledge: true }
      bystander.send([16, 3, own, 'by.topic', ['still']])
      expect((await bystander.next())[4]).deep.equal(['still'])
      expect((await bystander.next())[0]).equal(17)
      bystander.send([48, 4, {}, 'by.procedure', ['there']])
      const [type, invocation, , , args] = await bystander.next()
      expect([type, args]).deep.equal([68, ['there']])
      expect(await bystander.ask([70, invocation, {}, args])).deep.equal([50, 4, {}, ['there']])
    })

    /** Waits until all that a client sent is dealt with; what it got must be sound. */
    async function settled(client: RawClient): Promise<void> {
      if (client.socket.readyState === client.socket.OPEN) client.send([66, MARK, 1])
      let last = 0
      for (;;) {
        const answer = await client.nextOrEnd()
        if (answer === null) break
        expect(ROUTER_SENDS).contain(answer[0])
        expect(last, 'nothing comes behind ABORT').not.equal(3)
        last = answer[0]
        if (answer[1] === MARK || answer[2] === MARK) break
      }
      await client.close()
    }

    /** Sends frames before HELLO or in a session. */
    async function survives(frames: [Buffer, boolean][], joined: boolean): Promise<void> {
      const client = joined ? await member(url, protocol) : await connect(url, protocol)
      for (const [frame, binary] of frames) client.socket.send(frame, { binary })
      await settled(client)
    }

    it('random bytes end in ABORT or close at worst', async () => {
      const frame = fc.tuple(
        fc.oneof(
          fc.uint8Array({ maxLength: 64 }).map(bytes => Buffer.from(bytes)),
          fc.string({ unit: 'binary', maxLength: 40 }).map(text => Buffer.from(text)),
          fc.jsonValue().map(encode),
        ),
        fc.boolean().map(odd => (odd ? !isBinary : isBinary)),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 3 }), fc.boolean(), survives),
        BOUNDS,
      )
    })

    it('damaged messages end in ABORT or close at worst', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(message, damage), { minLength: 1 }), async rows => {
          const frames = rows.map(([value, changes]) => damaged(encode(value), changes))
          await survives(
            frames.map(frame => [frame, isBinary]),
            true,
          )
        }),
        BOUNDS,
      )
    })

    it('any messages in any order, among clients of all serializers, end in ABORT or close at worst', async () => {
      const step = fc.tuple(fc.nat(2), message)
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
          const clients = await Promise.all(PROTOCOLS.map(each => member(url, each)))
          for (const [who, what] of steps) {
            const client = clients[who] as RawClient
            if (client.socket.readyState === client.socket.OPEN) client.send(what)
          }
          await Promise.all(clients.map(settled))
        }),
        BOUNDS,
      )
    })
  })
}
