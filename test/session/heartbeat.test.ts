import { expect } from 'chai'
import { type Beating, Heartbeat } from '../../src/session/heartbeat.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

const INTERVAL = 1000

/** A connection that notes when it is pinged and when it is found dead. */
class Peer implements Beating {
  heard = true
  asked = false
  readonly pings: number[] = []
  died: number | null = null
  readonly #clock: FakeClock
  readonly #answers: boolean

  constructor(clock: FakeClock, answers: boolean) {
    this.#clock = clock
    this.#answers = answers
  }

  ping(): void {
    this.pings.push(this.#clock.now())
    if (this.#answers) this.heard = true
  }

  dead(): void {
    this.died ??= this.#clock.now()
  }
}

describe('heartbeat', () => {
  let clock: FakeClock
  let heartbeat: Heartbeat

  beforeEach(() => {
    clock = new FakeClock()
    heartbeat = new Heartbeat(clock, INTERVAL)
  })

  function peer(answers: boolean): Peer {
    const made = new Peer(clock, answers)
    heartbeat.add(made)
    return made
  }

  it('pings a peer after an interval of silence, and finds it dead after another', () => {
    const silent = peer(false)
    clock.pass(3 * INTERVAL)
    expect(silent.pings.length).equal(1)
    const [pinged] = silent.pings as [number]
    expect(pinged).within(INTERVAL, 2 * INTERVAL)
    expect(silent.died).equal(pinged + INTERVAL)
  })

  it('finds dead peers within three intervals, whenever they came', () => {
    const peers: { silent: Peer; since: number }[] = []
    for (let i = 0; i < 40; i++) {
      peers.push({ silent: peer(false), since: clock.now() })
      clock.pass(37)
    }
    clock.pass(4 * INTERVAL)
    for (const { silent, since } of peers) {
      expect((silent.died as number) - since).within(2 * INTERVAL, 3 * INTERVAL)
    }
  })

  it('keeps peers that answer, and goes on asking them', () => {
    const alive = peer(true)
    clock.pass(20 * INTERVAL)
    expect(alive.died).equal(null)
    expect(alive.pings.length).within(9, 10)
  })

  it('does not ping peers that speak by themselves', () => {
    const talker = peer(false)
    for (let i = 0; i < 50; i++) {
      talker.heard = true
      clock.pass(INTERVAL / 2)
    }
    expect(talker.pings).deep.equal([])
    expect(talker.died).equal(null)
  })

  it('takes any sign of life for an answer, up to the last moment', () => {
    const late = peer(false)
    for (let i = 0; i < 10; i++) {
      while (late.pings.length === i) clock.pass(1)
      clock.pass(INTERVAL - 2)
      late.heard = true
    }
    expect(late.died).equal(null)
    clock.pass(3 * INTERVAL)
    expect(late.died).not.equal(null)
  })

  it('spreads the pings of many peers over the interval', () => {
    const peers = Array.from({ length: 100 }, () => peer(true))
    clock.pass(2 * INTERVAL)
    const perMoment = new Map<number, number>()
    for (const at of peers.flatMap(each => each.pings)) {
      perMoment.set(at, (perMoment.get(at) ?? 0) + 1)
    }
    expect([...perMoment.values()]).deep.equal(Array(10).fill(10))
  })

  it('leaves peers alone that are gone, and all when it stops', () => {
    const gone = peer(false)
    heartbeat.remove(gone)
    const stopped = peer(false)
    heartbeat.stop()
    clock.pass(5 * INTERVAL)
    expect([gone.pings, stopped.pings]).deep.equal([[], []])
    expect(clock.pending).equal(0)
  })

  it('bears peers that go while it finds them dead', () => {
    const first = peer(false)
    first.dead = () => {
      first.died = clock.now()
      heartbeat.remove(first)
    }
    const others = Array.from({ length: 20 }, () => peer(false))
    clock.pass(3 * INTERVAL)
    expect(first.died).not.equal(null)
    for (const other of others) expect(other.died).not.equal(null)
  })
})
