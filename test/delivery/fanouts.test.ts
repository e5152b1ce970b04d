import { expect } from 'chai'
import { FanOuts } from '../../src/delivery/fanout.ts'
import type { Peer } from '../../src/delivery/outlet.ts'
import { PayloadError } from '../../src/protocol/errors.ts'
import { EVENT, type EventMessage, NO_DETAILS } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { Recorder } from '../helpers/recorder.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))
async function settled(): Promise<void> {
  for (let i = 0; i < 300; i++) await turn()
}

function fault(): never {
  throw new TypeError('broken')
}

/** A session that only counts. */
class Counter extends Recorder {
  heard: number[] = []
  override share({ message }: { message: unknown }): void {
    this.heard.push((message as EventMessage).publication)
  }
}

describe('fan-outs', () => {
  let fanOuts: FanOuts
  let crowd: Counter[]
  const [alice, bob] = [new Recorder(), new Recorder()]
  const audienceOf = (...members: Peer[]) => ({ members: new Set(members), roll: null })

  beforeEach(() => {
    fanOuts = new FanOuts(new FakeClock())
    crowd = Array.from({ length: 6000 }, () => new Counter())
  })

  function event(publication: number, payload = Payload.of([publication])): EventMessage {
    return { type: EVENT, subscription: 1, publication, details: NO_DETAILS, payload }
  }

  it('are done at once while they are few', () => {
    const audience = audienceOf(...crowd.slice(0, 100))
    for (let i = 1; i <= 100; i++) fanOuts.give(alice, audience, event(i), null, null)
    expect(crowd[99]?.heard.length).equal(100)
  })

  it('are done over several turns where they are many, and nothing is lost or out of order', async () => {
    const audience = audienceOf(...crowd)
    const wanted = Array.from({ length: 20 }, (_, i) => i + 1)
    for (const i of wanted) fanOuts.give(alice, audience, event(i), null, null)
    const given = crowd.reduce((sum, { heard }) => sum + heard.length, 0)
    expect(given).most(10_000)
    await turn()
    expect(crowd.reduce((sum, { heard }) => sum + heard.length, 0) - given).most(11_000)
    await settled()
    for (const { heard } of crowd) expect(heard).deep.equal(wanted)
  })

  it('of one publisher keep their order over all audiences, and do not hold up those of others', async () => {
    const one = crowd[0] as Counter
    const audience = audienceOf(...crowd)
    for (let i = 1; i <= 10; i++) fanOuts.give(alice, audience, event(i), null, null)
    fanOuts.give(alice, audienceOf(one), event(11), null, null)
    fanOuts.give(bob, audienceOf(one), event(99), null, null)
    expect(one.heard).deep.equal([1, 99])
    await settled()
    expect(one.heard).deep.equal([1, 99, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('of several publishers take turns', async () => {
    const audience = audienceOf(...crowd)
    for (let i = 1; i <= 9; i++) fanOuts.give(alice, audience, event(i), null, null)
    for (let i = 101; i <= 109; i++) fanOuts.give(bob, audience, event(i), null, null)
    await settled()
    const of = (from: number) => crowd[0]?.heard.map((i, at) => (i >= from ? at : -1)) as number[]
    // Bob's first is heard long before Alice's last.
    expect(of(101).findIndex(at => at >= 0)).below(6)
    expect(crowd[5999]?.heard.filter(i => i > 100)).deep.equal([
      101, 102, 103, 104, 105, 106, 107, 108, 109,
    ])
  })

  it('reach those who were there and still are, and whom the lists admit', async () => {
    const audience = audienceOf(...crowd)
    const [late, gone, hidden] = [new Counter(), crowd[5999] as Counter, crowd[3] as Counter]
    for (let i = 1; i <= 5; i++) {
      fanOuts.give(alice, audience, event(i), crowd[2] as Counter, peer => peer !== hidden)
    }
    audience.members.delete(gone)
    audience.members.add(late)
    audience.roll = null
    await settled()
    expect([late.heard, hidden.heard, crowd[2]?.heard]).deep.equal([[], [], []])
    expect(gone.heard).deep.equal([1])
    expect(crowd[5998]?.heard).deep.equal([1, 2, 3, 4, 5])
  })

  it('pass over who cannot read the event, and over a fault, and go on', async () => {
    const broken = new Counter()
    broken.share = () => {
      throw new PayloadError('it does not fit')
    }
    const last = new Counter()
    const audience = audienceOf(...crowd, broken, last)
    for (let i = 1; i <= 3; i++) fanOuts.later(alice, { isOver: false, bytes: 0, run: fault })
    for (let i = 1; i <= 3; i++) fanOuts.give(alice, audience, event(i), null, null)
    const warnings: unknown[] = []
    const warned = (warning: Error) => warnings.push(warning.message)
    process.on('warning', warned)
    await settled()
    process.off('warning', warned)
    expect(last.heard).deep.equal([1, 2, 3])
    expect(warnings).deep.equal(['broken', 'broken', 'broken'])
  })

  it('keep the payload, whose frame dies', async () => {
    const frame = Uint8Array.of(7)
    const codec = {
      openTail: (bytes: Uint8Array) => ({ args: [...bytes] }),
      closeTail: () => expect.fail('nothing is written'),
    }
    const seen: unknown[] = []
    const last = new Counter()
    last.share = ({ message }) => seen.push((message as EventMessage).payload.values().args)
    const audience = audienceOf(...crowd, last)
    for (let i = 0; i < 2; i++) {
      const payload = new Payload(codec, 1, frame, 0, 1, null)
      fanOuts.give(alice, audience, event(i, payload), null, null)
    }
    frame[0] = 9
    await settled()
    expect(seen).deep.equal([[7], [7]])
  })

  it('are bounded: a publisher of too much waits for some of it to be done', async function () {
    this.timeout(20_000)
    const few = audienceOf(...crowd.slice(0, 2000))
    const bytes = new Uint8Array(8 << 20)
    for (let i = 1; i <= 40; i++)
      fanOuts.give(alice, few, event(i, Payload.of([bytes])), null, null)
    // 64 MiB are eight of them; the first five went out at once.
    expect(crowd[1999]?.heard.length).above(25)
    // Of large ones few are given out in a turn.
    for (let i = 0; i < 40_000 && crowd[1999]?.heard.length !== 40; i++) await turn()
    expect(crowd[1999]?.heard).deep.equal(Array.from({ length: 40 }, (_, i) => i + 1))
  })
})
