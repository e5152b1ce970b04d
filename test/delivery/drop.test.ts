import { expect } from 'chai'
import fc from 'fast-check'
import { Counters } from '../../src/base/counters.ts'
import { Backlog } from '../../src/delivery/backlog.ts'
import type { Gap } from '../../src/delivery/gaps.ts'
import { Outbox } from '../../src/delivery/outbox.ts'
import { SharedMessage } from '../../src/delivery/shared-message.ts'
import { PayloadError, UNAVAILABLE } from '../../src/protocol/errors.ts'
import {
  EVENT,
  type EventMessage,
  INVOCATION,
  type Message,
  NO_DETAILS,
  UNSUBSCRIBED,
} from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { json } from '../../src/serializer/json.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

/** Where no messages of a session pass. */
const NOBODY = { remote: '', passenger: null }

const turn = () => new Promise(resolve => setImmediate(resolve))
/** The subscription on which the session hears of gaps. */
const NOTICES = 99

interface Read {
  type: number
  subscription: number
  publication: number
  /** `_missed` of an event, or what a notice says. */
  gap: Gap | undefined
}

/** A session whose kernel takes nothing by itself, and whose client reads when told. */
class SlowSession {
  readonly counters = new Counters()
  readonly backlog = new Backlog()
  readonly box: Outbox
  listens = true
  overflows: number[] = []
  why: string | undefined
  most = 0
  #frames: Uint8Array[] = []
  #publication = 0
  readonly #sink: { buffered: number; maxSend: number; write(frames: readonly Uint8Array[]): void }

  constructor(limit: number, policy: 'disconnect' | 'drop' = 'drop', maxSend = Infinity) {
    const write = (frames: readonly Uint8Array[]) => {
      this.#frames.push(...frames)
      for (const { length } of frames) this.#sink.buffered += length
      this.most = Math.max(this.most, this.#sink.buffered)
    }
    this.#sink = { buffered: 0, maxSend, write }
    const sendBuffer = { limit, policy }
    const { backlog, counters } = this
    const terms = { sendBuffer, backlog, counters, traffic: new Traffic(), clock: new FakeClock() }
    this.box = new Outbox(this.#sink, json, terms, {
      ...NOBODY,
      overflow: (bytes, why) => {
        this.overflows.push(bytes)
        this.why = why
      },
      notice: gap => (this.listens ? noticeOf(gap) : null),
    })
  }

  event(subscription: number, size: number): void {
    this.box.share(new SharedMessage(eventOf(subscription, ++this.#publication, size)))
  }

  get published(): number {
    return this.#publication
  }

  /** Reads so many frames, or all. */
  read(count = Number.POSITIVE_INFINITY): Read[] {
    const frames = this.#frames.splice(0, count)
    for (const { length } of frames) this.#sink.buffered -= length
    this.box.drained()
    return frames.map(frame => readingOf(json.decode(frame)))
  }

  /** It takes what waits, and does not say so. */
  kernelTakesAll(): void {
    this.box.flush()
    this.#sink.buffered = 0
  }

  count(what: 'events_dropped' | 'gaps_told'): number {
    return this.counters.all()[what]
  }
}

function eventOf(subscription: number, publication: number, size: number): EventMessage {
  const payload = Payload.of(['x'.repeat(size)])
  return { type: EVENT, subscription, publication, details: NO_DETAILS, payload }
}

function noticeOf(gap: Gap): EventMessage {
  const payload = Payload.of([{ ...gap }])
  return { type: EVENT, subscription: NOTICES, publication: 1, details: NO_DETAILS, payload }
}

function readingOf(message: Message): Read {
  if (message.type !== EVENT) {
    return { type: message.type, subscription: 0, publication: 0, gap: undefined }
  }
  const { type, subscription, publication, details, payload } = message
  const said = subscription === NOTICES ? payload.open().args?.[0] : details._missed
  const gap = said === undefined ? undefined : ({ subscription, ...(said as object) } as Gap)
  return { type, subscription, publication, gap }
}

const ANSWER: Message = { type: UNSUBSCRIBED, request: 1, details: null }
const CALLED: Message = {
  ...{ type: INVOCATION, request: 1, registration: 1, details: NO_DETAILS },
  payload: Payload.of(['x'.repeat(200)]),
}

describe('an outbox that drops events', () => {
  it('leaves out the newest, and tells of them in order when there is room', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 10; i++) session.event(1, 200)
    // There would be room for a small one, but not for many.
    session.event(1, 1)
    await turn()
    const before = session.read()
    expect(before.map(({ publication }) => publication)).deep.equal([1, 2, 3])
    await turn()
    session.event(1, 200)
    await turn()
    const [notice, next] = session.read()
    expect(notice?.gap).deep.equal({ subscription: 1, from: 4, to: 11, count: 8 })
    expect(next?.publication).equal(12)
    expect([session.count('events_dropped'), session.count('gaps_told')]).deep.equal([8, 1])
    expect(session.overflows).deep.equal([])
  })

  it('tells it in the next event where the session does not listen', async () => {
    const session = new SlowSession(1024)
    session.listens = false
    for (let i = 1; i <= 5; i++) session.event(1, 200)
    session.read()
    session.event(2, 10)
    session.event(1, 10)
    session.event(1, 10)
    await turn()
    const [other, first, second] = session.read()
    expect([other?.gap, second?.gap]).deep.equal([undefined, undefined])
    expect(first?.gap).deep.equal({ subscription: 1, from: 4, to: 5, count: 2 })
  })

  it('has room for answers where events have none, and ends where there is none', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 5; i++) session.event(1, 200)
    for (let i = 1; i <= 10; i++) session.box.send(ANSWER)
    expect(session.overflows).deep.equal([])
    for (let i = 1; i <= 90; i++) session.box.send(ANSWER)
    expect(session.overflows.length).equal(1)
    expect(session.overflows[0]).above(1024).below(1200)
  })

  it('refuses invocations, and goes on', () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 5; i++) session.event(1, 200)
    expect(() => session.box.send(CALLED))
      .throws(PayloadError, 'the callee reads too slowly')
      .property('uri', UNAVAILABLE)
    expect(session.overflows).deep.equal([])
    session.read()
    session.box.send(CALLED)
  })

  it('ends where there are more gaps than it can keep', () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 900; i++) session.event(i, 300)
    expect(session.overflows).deep.equal([])
    for (let i = 901; i <= 1100; i++) session.event(i, 300)
    expect(session.overflows.length).equal(1)
    expect(session.why).equal('more than 1000 subscriptions have gaps that were not told yet')
  })

  it('forgets gaps of subscriptions that are over, and has room for others then', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 3000; i++) {
      session.event(i, 300)
      session.box.unsubscribed(i)
    }
    expect(session.overflows).deep.equal([])
    session.listens = false
    session.read()
    await turn()
    session.read()
    session.event(3000, 10)
    await turn()
    expect(session.read().map(({ gap }) => gap)).deep.equal([undefined])
  })

  it('has no more to wait for where the only gap is of a subscription that is over', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 5; i++) session.event(1, 200)
    session.box.unsubscribed(1)
    session.event(2, 1)
    await turn()
    expect(session.read().map(({ publication }) => publication)).deep.equal([1, 2, 3, 6])
    expect(session.count('gaps_told')).equal(0)
  })

  for (const policy of ['disconnect', 'drop'] as const) {
    for (const listens of [true, false]) {
      const how = listens ? 'at once' : 'with the next'
      it(`tells of events that are too long for it ${how}, by policy ${policy}`, async () => {
        const session = new SlowSession(4096, policy, 500)
        session.listens = listens
        session.event(1, 10)
        for (let i = 2; i <= 4; i++) session.event(1, 600)
        session.event(2, 10)
        session.event(1, 10)
        await turn()
        const read = session.read()
        const sent = [1, 2, 3, 4, 6]
        expect(told(read, 1, sent)).deep.equal(sent)
        expect(read.length).equal(listens ? 6 : 3)
        expect(session.count('events_dropped')).equal(0)
        expect(session.overflows).deep.equal([])
      })
    }
  }

  it('tells a publisher of those that take only shorter events', () => {
    const session = new SlowSession(4096, 'disconnect', 500)
    const tally = { receivers: 1, dropped: 0, oversized: 0, untranslatable: 0, pending: 0 }
    session.box.share(new SharedMessage(eventOf(1, 1, 600), tally))
    expect(tally).deep.equal({ ...tally, receivers: 0, oversized: 1 })
  })

  it('tells of a gap once, where a notice of it leaves just before the next event', async () => {
    const session = new SlowSession(1024, 'disconnect', 500)
    // No room for a notice at once.
    for (let i = 1; i <= 3; i++) session.event(2, 300)
    session.event(1, 600)
    session.kernelTakesAll()
    session.event(1, 400)
    session.event(1, 10)
    await turn()
    const read = session.read().filter(({ gap, subscription }) => gap || subscription === 1)
    expect(told(read, 1, [4, 5, 6])).deep.equal([4, 5, 6])
  })

  it('tells the next session on the connection nothing of what the one before has missed', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 5; i++) session.event(1, 200)
    session.box.forgetGaps()
    session.read()
    session.event(1, 10)
    await turn()
    expect(session.read().map(({ gap }) => gap)).deep.equal([undefined])
    expect(session.count('gaps_told')).equal(0)
  })

  it('tells a publisher who wants to know', () => {
    const session = new SlowSession(1024)
    const tally = { receivers: 0, dropped: 0, oversized: 0, untranslatable: 0, pending: 0 }
    for (let i = 1; i <= 5; i++) {
      tally.receivers++
      session.box.share(new SharedMessage(eventOf(1, i, 200), tally))
    }
    expect(tally).deep.equal({
      receivers: 3,
      dropped: 2,
      oversized: 0,
      untranslatable: 0,
      pending: 0,
    })
  })

  it('encodes nothing once it is closed', () => {
    let written = 0
    const encode = (message: Message) => {
      written++
      return json.encode(message)
    }
    const counting = { ...json, encode }
    const sendBuffer = { limit: 1024, policy: 'drop' } as const
    const terms = {
      ...{ sendBuffer, backlog: new Backlog() },
      ...{ counters: new Counters(), traffic: new Traffic(), clock: new FakeClock() },
    }
    const sink = { buffered: 0, write: () => {} }
    const box = new Outbox(sink, counting, terms, {
      ...NOBODY,
      overflow: () => {},
      notice: () => null,
    })
    box.send(ANSWER)
    expect(box.isClosed).equal(false)
    box.close()
    const tally = { receivers: 1, dropped: 0, oversized: 0, untranslatable: 0, pending: 0 }
    box.send(ANSWER)
    box.share(new SharedMessage(eventOf(1, 1, 1), tally))
    expect([written, box.isClosed]).deep.equal([1, true])
    expect(tally).include({ receivers: 0, dropped: 1 })
  })

  it('counts what its serializer cannot carry, and tries that once for all', () => {
    let tries = 0
    const failing = {
      ...json,
      encode() {
        tries++
        throw new PayloadError('it cannot be said')
      },
    }
    const counters = new Counters()
    const sendBuffer = { limit: 1024, policy: 'drop' } as const
    const terms = {
      sendBuffer,
      backlog: new Backlog(),
      counters,
      traffic: new Traffic(),
      clock: new FakeClock(),
    }
    const sink = { buffered: 0, write: () => {} }
    const shared = new SharedMessage(eventOf(1, 1, 1))
    for (let i = 0; i < 3; i++) {
      const box = new Outbox(sink, failing, terms, {
        ...NOBODY,
        overflow: () => {},
        notice: () => null,
      })
      expect(() => box.share(shared)).throws(PayloadError)
    }
    expect([tries, counters.all().events_untranslatable]).deep.equal([1, 3])
  })

  it('counts what waits in the backlog of all, until it is read or the connection gone', async () => {
    const session = new SlowSession(1024)
    for (let i = 1; i <= 10; i++) session.event(1, 200)
    await turn()
    expect(session.backlog.bytes).above(600).below(1024)
    session.read(1)
    expect(session.backlog.bytes).above(400).below(600)
    session.box.gone()
    expect(session.backlog.bytes).equal(0)
  })

  const act = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 400 })),
    },
    { weight: 1, arbitrary: fc.constant('answer' as const) },
    { weight: 2, arbitrary: fc.constant('read' as const) },
    { weight: 2, arbitrary: fc.constant('turn' as const) },
  )
  const LIMIT = 2048

  for (const listens of [true, false]) {
    it(`tells of every gap in its place, ${listens ? 'by notices' : 'by the next event'}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { maxLength: 80 }), async acts => {
          const session = new SlowSession(LIMIT)
          session.listens = listens
          const sent: [subscription: number, publication: number][] = []
          const read: Read[] = []
          const publish = (subscription: number, size: number) => {
            session.event(subscription, size)
            sent.push([subscription, session.published])
          }
          for (const one of acts) {
            if (one === 'read') read.push(...session.read(2))
            else if (one === 'turn') await turn()
            else if (one === 'answer') session.box.send(ANSWER)
            else publish(...one)
          }
          // It reads all; then an event of each subscription comes, behind what was missed.
          for (let i = 0; i < 3; i++) {
            await turn()
            read.push(...session.read())
          }
          for (const subscription of [1, 2, 3]) publish(subscription, 1)
          await turn()
          read.push(...session.read())
          expect(session.most).most(LIMIT + 500)
          for (const subscription of [1, 2, 3]) {
            const of = sent.filter(([own]) => own === subscription).map(([, one]) => one)
            expect(told(read, subscription, of)).deep.equal(of)
          }
          expect(session.overflows).deep.equal([])
        }),
        { numRuns: 300 },
      )
    })
  }
})

/** What a session knows of a subscription's publications, in order: those that it got or missed. */
function told(read: readonly Read[], subscription: number, sent: readonly number[]): number[] {
  const known: number[] = []
  for (const { subscription: of, publication, gap } of read) {
    if (gap?.subscription === subscription) {
      const missed = sent.slice(sent.indexOf(gap.from), sent.indexOf(gap.to) + 1)
      expect(missed.length).equal(gap.count)
      known.push(...missed)
    }
    if (of === subscription) known.push(publication)
  }
  return known
}
