import { expect } from 'chai'
import fc from 'fast-check'
import { createRouter, type Router } from '../../../src/router.ts'
import { errorLog } from '../../helpers/error-log.ts'
import { hangUp, member, type RawClient } from '../../helpers/raw-client.ts'
import { frameOf, overWebSocket } from './stomp-client.ts'

/** Enough runs to meet much, few enough to stay within two seconds or so for each property. */
const BOUNDS = { numRuns: 150, interruptAfterTimeLimit: 2000, markInterruptAsFailure: false }

const destination = fc.constantFrom(
  ...['/topic/a.b', 'a.b', '/topic/a.*', '/topic/#', 'a..b', '/call/by.procedure', '/call/none'],
  ...['/temp-queue/q', '/queue/a', '', '/', 'a b', 'wamp.session.on_join', '/topic/', '*', '>'],
)
const own = fc.dictionary(
  fc.constantFrom('own', '__proto__', 'constructor', 'content-type', 'match', 'ack'),
  fc.constantFrom('', 'a', 'client', 'prefix', 'application/json', 'image/png', '1'),
)
const common = fc.record(
  {
    id: fc.constantFrom('1', '2', '1-1', '1-2', '2-1', ''),
    receipt: fc.constantFrom('r', ''),
    transaction: fc.constantFrom('t1', 't2'),
    'reply-to': fc.constantFrom('/temp-queue/q', '/topic/a'),
    'message-id': fc.constantFrom('1-1', '0-1'),
  },
  { requiredKeys: [] },
)
const body = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
  fc.json().map(text => Buffer.from(text)),
)
const command = fc.constantFrom(
  ...['SEND', 'SEND', 'SEND', 'SUBSCRIBE', 'SUBSCRIBE', 'UNSUBSCRIBE', 'ACK', 'NACK'],
  ...['BEGIN', 'COMMIT', 'ABORT', 'CONNECT', 'MESSAGE'],
)

/** A frame of which few things are wrong. */
const frame = fc
  .tuple(command, destination, own, common, body)
  .map(([command, destination, own, common, body]) =>
    frameOf(command, { ...common, destination, ...own }, command === 'SEND' ? body : ''),
  )

/** Frames that nothing is wrong with, so that a session lives through many. */
const sound = fc.oneof(
  fc
    .record({ receipt: fc.constant('r') })
    .chain(headers =>
      fc.constantFrom(
        frameOf('SEND', { ...headers, destination: 'a.b' }, 'text'),
        frameOf('SEND', { destination: '/call/none', 'reply-to': '/temp-queue/q' }),
        frameOf('SEND', { destination: 'a.b', own: 'x' }, Buffer.from([0, 255])),
        Buffer.from('\n'),
      ),
    ),
  fc
    .tuple(fc.constantFrom('1', '2', '3'), fc.constantFrom('a.b', '/topic/a.*', '/temp-queue/q'))
    .map(([id, destination]) =>
      Buffer.concat([
        frameOf('SUBSCRIBE', { id, destination }),
        frameOf('SEND', { destination: 'a.b' }),
        frameOf('UNSUBSCRIBE', { id }),
      ]),
    ),
)

describe('whatever STOMP clients send', () => {
  const log = errorLog()
  let router: Router
  let port: number
  let bystander: RawClient

  before(async () => {
    router = createRouter({ development: true, logger: log })
    const paths = { '/ws': { websocket: {} }, '/stomp': { stomp: {} } }
    const listening = await router.listen({ port: 0, paths })
    port = listening.port
    bystander = await member(`ws://127.0.0.1:${port}/ws`)
    await bystander.ask([32, 1, {}, 'by.topic'])
  })
  after(async () => {
    hangUp()
    await router.close()
  })
  afterEach(async () => {
    expect(log.errors).deep.equal([])
    bystander.send([16, 3, { exclude_me: false }, 'by.topic', ['still']])
    expect((await bystander.next())[4]).deep.equal(['still'])
  })

  /** Sends bytes, cut anywhere; gives how many frames came back, ERROR the last if it came. */
  async function outcome(
    pieces: readonly Buffer[],
    version: string | null,
    cuts: readonly number[] = [],
  ): Promise<'lives' | 'ended'> {
    const client = await overWebSocket(`ws://127.0.0.1:${port}/stomp`)
    if (version !== null) await client.connect({ 'accept-version': version })
    const bytes = Buffer.concat(pieces)
    const ends = cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b)
    let from = 0
    for (const end of [...ends, bytes.length]) {
      if (end > from) client.wire.send(bytes.subarray(from, end))
      from = end
    }
    client.send('DISCONNECT', { receipt: 'the end' })
    let ended: 'lives' | 'ended' = 'ended'
    for (;;) {
      const frame = await client.nextOrEnd()
      if (frame === null) break
      expect(ended).equal('ended')
      expect(['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR']).include(frame.command)
      if (frame.headers['receipt-id'] === 'the end' && frame.command === 'RECEIPT') ended = 'lives'
      if (frame.command === 'ERROR') {
        expect(frame.headers.message).a('string')
        expect(frame.headers.error).not.equal('wampd.error.internal_error')
        expect(await client.nextOrEnd()).equal(null)
        break
      }
    }
    await client.closed
    return ended
  }

  const version = fc.constantFrom('1.0', '1.1', '1.2')
  const cuts = fc.array(fc.nat(), { maxLength: 5 })

  it('random bytes end in ERROR at worst', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      fc.constantFrom('SEND\n', '\n\n', '\0', 'a:b\n', 'CONNECT\n').map(text => Buffer.from(text)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 8 }),
        fc.option(version),
        async (pieces, version) => void (await outcome(pieces, version)),
      ),
      BOUNDS,
    )
  })

  it('frames with something wrong end in ERROR at worst', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 12 }),
        fc.option(version),
        cuts,
        async (frames, version, cuts) => void (await outcome(frames, version, cuts)),
      ),
      BOUNDS,
    )
  })

  it('sound frames are all served, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sound, { maxLength: 20 }), cuts, async (frames, cuts) => {
        expect(await outcome(frames, '1.2', cuts)).equal('lives')
      }),
      BOUNDS,
    )
  })
})
