import { expect } from 'chai'
import { Counters } from '../../../src/base/counters.ts'
import { StompConnection } from '../../../src/gateway/stomp/connection.ts'
import {
  EVENT,
  GOODBYE,
  HELLO,
  type Message,
  NO_DETAILS,
  SUBSCRIBE,
  SUBSCRIBED,
  WELCOME,
} from '../../../src/protocol/messages.ts'
import { Payload } from '../../../src/protocol/payload.ts'
import { json } from '../../../src/serializer/json.ts'
import type { Connection } from '../../../src/transport/transport.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { frameOf } from './stomp-client.ts'

const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

const SEND_BUFFER = 64 * 1024

/** A client whose kernel takes nothing before it is told to, and a router that says what it is told to. */
class World {
  /** All that was written, and not taken. */
  written: string[] = []
  readonly counters = new Counters()
  farewell: number | undefined
  readonly #stomp: StompConnection
  #inner: Connection | undefined

  constructor() {
    const world = this
    const outer: Connection = {
      kind: 'stomp',
      remote: '127.0.0.1',
      get buffered() {
        return world.written.reduce((sum, { length }) => sum + length, 0)
      },
      write: frames =>
        void this.written.push(...frames.map(frame => Buffer.from(frame).toString())),
      ping: () => {},
      close: () => {},
      terminate: () => {},
    }
    this.#stomp = new StompConnection(outer, {
      ...{ clock: new FakeClock(), log, counters: this.counters },
      ...{ maxBody: 1 << 20, sendBuffer: SEND_BUFFER, heartBeat: { canSend: 0, wants: 0 } },
      realmOf: () => 'realm1',
      open: inner => {
        this.#inner = inner
        return {
          bytes: frame => this.#answer(json.decode(frame)),
          drained: () => {},
          alive: () => {},
          farewell: (code, reason) => {
            this.farewell = code
            inner.close(code, reason)
          },
          closed: () => {},
        }
      },
    })
  }

  /** Bytes that wait, as the router sees it. */
  get waiting(): number {
    return this.#inner?.buffered ?? 0
  }

  get frames(): number {
    return this.written.length
  }

  hear(command: string, headers: Record<string, string>): void {
    this.#stomp.bytes(frameOf(command, headers))
  }

  /** A session with so many subscriptions of one topic. */
  async join(subscriptions: number): Promise<void> {
    this.hear('CONNECT', { 'accept-version': '1.2', host: 'realm1' })
    await turn()
    for (let i = 0; i < subscriptions; i++) {
      this.hear('SUBSCRIBE', { id: String(i), destination: '/topic/a' })
    }
    await turn()
    this.written = []
  }

  async say(message: Message): Promise<void> {
    this.#inner?.write([json.encode(message)])
    await turn()
  }

  event(text: string): Promise<void> {
    const payload = Payload.of([text])
    return this.say({ type: EVENT, subscription: 7, publication: 1, details: {}, payload })
  }

  /** The kernel takes all; gives how many frames that were. */
  take(): number {
    const { frames } = this
    this.written = []
    this.#stomp.drained()
    return frames
  }

  #answer(message: Message): void {
    if (message.type === HELLO) {
      void this.say({ type: WELCOME, session: 1, details: NO_DETAILS })
    } else if (message.type === SUBSCRIBE) {
      void this.say({ type: SUBSCRIBED, request: message.request, subscription: 7 })
    }
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('a connection of STOMP', () => {
  it('makes of an event as many frames as there is room for, and the others later', async () => {
    const world = new World()
    await world.join(100)
    await world.event('x'.repeat(100_000))
    expect(world.frames).equal(1)
    expect(world.waiting).within(200_000, 210_000)
    for (let i = 1; i < 100; i++) expect(world.take()).equal(1)
    expect(world.waiting).within(100_000, 110_000)
    expect(world.take()).equal(1)
    expect(world.waiting).equal(0)
  })

  it('keeps the order of messages that wait, and gives none of a subscription that has ended', async () => {
    const world = new World()
    await world.join(2)
    for (const text of ['a', 'b', 'c']) await world.event(text.repeat(40_000))
    expect(world.frames).equal(1)
    world.hear('UNSUBSCRIBE', { id: '1' })
    const got: (string | undefined)[] = []
    while (world.waiting > 0) {
      got.push(...world.written.map(frame => frame.at(-2)))
      world.take()
    }
    expect(got).deep.equal(['a', 'b', 'c'])
  })

  it('gives what waits before ERROR, up to twice the send buffer', async () => {
    const world = new World()
    await world.join(1)
    for (let i = 0; i < 20; i++) await world.event('x'.repeat(10_000))
    const before = world.frames
    expect(before).equal(4)
    await world.say({ type: GOODBYE, details: { message: 'bye' }, reason: 'com.bye' })
    world.hear('COMMIT', { transaction: 'none' })
    const commands = world.written.map(frame => frame.slice(0, frame.indexOf('\n')))
    expect(commands.filter(command => command === 'MESSAGE').length).equal(13)
    expect(commands.at(-1)).equal('ERROR')
  })

  it('bears receipts beyond what waits, but ends where nobody reads them', async () => {
    const world = new World()
    await world.join(1)
    await world.event('x'.repeat(200_000))
    for (let i = 0; i < 3; i++) {
      world.hear('BEGIN', { transaction: `t${i}`, receipt: 'r'.repeat(20_000) })
    }
    expect(world.farewell).equal(undefined)
    world.take()
    for (let i = 3; i < 9; i++) {
      world.hear('BEGIN', { transaction: `t${i}`, receipt: 'r'.repeat(20_000) })
    }
    expect(world.written.at(-1)).not.match(/^ERROR/)
    world.hear('BEGIN', { transaction: 't9', receipt: 'r'.repeat(20_000) })
    expect(world.written.at(-1)).match(/^ERROR/)
    expect(world.farewell).equal(1008)
    expect(world.counters.all().too_slow).equal(1)
  })
})
