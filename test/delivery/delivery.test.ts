import { expect } from 'chai'
import { Counters } from '../../src/base/counters.ts'
import { Backlog } from '../../src/delivery/backlog.ts'
import { fanOut } from '../../src/delivery/fanout.ts'
import { Outbox } from '../../src/delivery/outbox.ts'
import { SharedMessage } from '../../src/delivery/shared-message.ts'
import { type EventMessage, type Message, NO_DETAILS } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { Recorder } from '../helpers/recorder.ts'

/** Where no messages of a session pass. */
const NOBODY = { remote: '', passenger: null }

/** A serializer that writes a message as ten bytes that hold its request, and counts. */
function tenBytes(number = 1): Serializer & { encoded: number } {
  return {
    name: 'ten',
    number,
    binary: true,
    mediaType: 'application/x-test',
    encoded: 0,
    encode(message: Message) {
      this.encoded++
      return new Uint8Array(10).fill((message as { request: number }).request)
    },
    decode: () => expect.fail('nothing comes in'),
    openTail: () => ({}),
    closeTail: () => new Uint8Array(0),
  }
}

/**
 * A connection that keeps what is written. Of each write the kernel takes as many bytes as it is told;
 * the others are buffered.
 */
function sink(takes = Number.POSITIVE_INFINITY) {
  return {
    buffered: 0,
    writes: [] as number[][],
    write(frames: readonly Uint8Array[]) {
      this.writes.push(frames.map(frame => frame[0] as number))
      const bytes = frames.reduce((sum, { length }) => sum + length, 0)
      this.buffered += Math.max(bytes - takes, 0)
    },
  }
}

/** An outbox that holds so many bytes, and calls `overflow` when that is too little. */
function outbox(
  to: ReturnType<typeof sink>,
  limit: number,
  overflow: (bytes: number) => void,
  { traffic = new Traffic(), clock = new FakeClock() } = {},
) {
  const sendBuffer = { limit, policy: 'disconnect' } as const
  const terms = {
    ...{ sendBuffer, backlog: new Backlog() },
    ...{ counters: new Counters(), traffic, clock },
  }
  return new Outbox(to, tenBytes(), terms, { ...NOBODY, overflow, notice: () => null })
}

const message = (request: number): Message => ({ type: 35, request, details: null })
const turn = () => new Promise(resolve => setImmediate(resolve))
const fail = () => expect.fail('overflow')

describe('an outbox', () => {
  it('times the oldest event of each write, and no other messages', async () => {
    const [traffic, clock] = [new Traffic(() => 0), new FakeClock()]
    const box = outbox(sink(), 1000, fail, { traffic, clock })
    const { deliveries } = traffic
    clock.pass(100)
    const [old, young] = [
      new SharedMessage(message(1), null, 0),
      new SharedMessage(message(2), null, 90),
    ]
    box.share(old)
    box.share(young)
    await turn()
    expect([deliveries.count, deliveries.sum]).deep.equal([1, 0.1])
    box.send(message(3))
    await turn()
    box.share(new SharedMessage(message(4)))
    await turn()
    expect(deliveries.count).equal(1)
    box.share(young)
    await turn()
    expect([deliveries.count, deliveries.sum]).deep.equal([2, 0.11])
  })

  it('times events with the wait for their turn among many', async () => {
    const [traffic, clock] = [new Traffic(() => 0), new FakeClock()]
    const boxes = Array.from({ length: 1000 }, () => outbox(sink(), 1000, fail, { traffic, clock }))
    const shared = new SharedMessage(message(1), null, clock.elapsed())
    for (const box of boxes) box.share(shared)
    for (let turns = 0; traffic.deliveries.count < 1000 && turns < 100; turns++) {
      await turn()
      clock.pass(1)
    }
    expect(traffic.deliveries.count).equal(1000)
    expect(traffic.deliveries.sum).above(1)
  })

  it('writes once for all that a turn sends, in order', async () => {
    const to = sink()
    const box = outbox(to, 1000, fail)
    box.send(message(1))
    box.share(new SharedMessage(message(2)))
    await Promise.resolve()
    box.send(message(3))
    expect(to.writes).deep.equal([])
    await turn()
    expect(to.writes).deep.equal([[1, 2, 3]])
    box.send(message(4))
    await turn()
    expect(to.writes).deep.equal([[1, 2, 3], [4]])
  })

  it('writes nothing in a turn that sends nothing', async () => {
    const to = sink()
    const box = outbox(to, 1000, fail)
    box.flush()
    await turn()
    expect(to.writes).deep.equal([])
  })

  it('keeps apart what goes to different connections', async () => {
    const sinks = [sink(), sink(), sink()]
    const boxes = sinks.map(to => outbox(to, 1000, fail))
    for (let i = 1; i <= 4; i++) for (const box of boxes) box.send(message(i))
    await turn()
    for (const to of sinks) expect(to.writes).deep.equal([[1, 2, 3, 4]])
  })

  it('writes at once when it is flushed, and not again', async () => {
    const to = sink()
    const box = outbox(to, 1000, fail)
    box.send(message(1))
    box.flush()
    expect(to.writes).deep.equal([[1]])
    box.send(message(2))
    await turn()
    await turn()
    expect(to.writes).deep.equal([[1], [2]])
  })

  it('holds what its limit allows', async () => {
    const to = sink()
    const box = outbox(to, 30, fail)
    for (let i = 1; i <= 3; i++) box.send(message(i))
    await turn()
    for (let i = 4; i <= 6; i++) box.send(message(i))
    await turn()
    expect(to.writes).deep.equal([
      [1, 2, 3],
      [4, 5, 6],
    ])
  })

  it('writes more at once than it may hold, as long as the kernel takes it', async () => {
    const to = sink()
    const box = outbox(to, 30, fail)
    for (let i = 1; i <= 10; i++) box.send(message(i))
    await turn()
    expect(to.writes.flat()).deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('takes a message that is larger than all it may hold, where nothing waits', async () => {
    const to = sink(0)
    const box = outbox(to, 5, fail)
    box.send(message(1))
    await turn()
    expect(to.writes).deep.equal([[1]])
  })

  it('says once that too much waits, and how much, and sends nothing after that', async () => {
    const overflows: number[] = []
    const to = sink(0)
    const box = outbox(to, 30, bytes => overflows.push(bytes))
    for (let i = 1; i <= 10; i++) box.send(message(i))
    expect(overflows).deep.equal([40])
    box.flush()
    await turn()
    box.send(message(11))
    await turn()
    expect(to.writes).deep.equal([[1, 2, 3]])
    expect(overflows).deep.equal([40])
  })

  it('counts what waits in the connection, until that has drained', async () => {
    let overflows = 0
    const to = sink(0)
    const box = outbox(to, 30, () => overflows++)
    for (let i = 1; i <= 3; i++) box.send(message(i))
    box.flush()
    to.buffered = 20
    box.drained()
    box.send(message(4))
    expect(overflows).equal(0)
    box.send(message(5))
    expect(overflows).equal(1)
  })

  it('drops what waits when it is closed, and takes nothing more', async () => {
    const to = sink()
    const box = outbox(to, 30, fail)
    box.send(message(1))
    box.close()
    for (let i = 2; i <= 10; i++) box.send(message(i))
    await turn()
    expect(to.writes).deep.equal([])
  })

  it('lets others write when one that waits is closed', async () => {
    const [first, second] = [sink(), sink()]
    const closed = outbox(first, 30, fail)
    const open = outbox(second, 30, fail)
    closed.send(message(1))
    open.send(message(2))
    closed.close()
    await turn()
    expect([first.writes, second.writes]).deep.equal([[], [[2]]])
  })
})

describe('a fan-out', () => {
  const event: EventMessage = {
    type: 36,
    subscription: 1,
    publication: 2,
    details: NO_DETAILS,
    payload: Payload.of([1]),
  }

  it('encodes once for each serializer, and shares the bytes', () => {
    const serializers = [tenBytes(1), tenBytes(3)]
    const frames: Uint8Array[][] = [[], []]
    const peers = Array.from({ length: 20 }, (_, i) => {
      const peer = new Recorder()
      peer.share = shared => {
        frames[i % 2]?.push(shared.bytes(serializers[i % 2] as Serializer))
      }
      return peer
    })
    fanOut(new Set(peers), new SharedMessage(event), null, null)
    expect(serializers.map(serializer => serializer.encoded)).deep.equal([1, 1])
    for (const list of frames) {
      expect(list.length).equal(10)
      expect(new Set(list).size).equal(1)
    }
    expect(frames[0]?.[0]).not.equal(frames[1]?.[0])
  })

  it('encodes nothing where nobody is to hear', () => {
    const peer = new Recorder()
    fanOut(new Set([peer]), new SharedMessage(event), peer, null)
    fanOut(new Set([peer]), new SharedMessage(event), null, () => false)
    fanOut(new Set(), new SharedMessage(event), null, null)
    expect(peer.shared).deep.equal([])
  })

  it('leaves out one, and those who are not admitted', () => {
    const peers = [new Recorder(), new Recorder(), new Recorder()]
    fanOut(
      new Set(peers),
      new SharedMessage(event),
      peers[0] as Recorder,
      peer => peer !== peers[1],
    )
    expect(peers.map(peer => peer.shared.length)).deep.equal([0, 0, 1])
    expect(peers[2]?.shared[0]?.message).equal(event)
  })
})
