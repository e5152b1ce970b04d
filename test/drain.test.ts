import { expect } from 'chai'
import fc from 'fast-check'
import { drain, type Leaver } from '../src/drain.ts'
import { FakeClock } from './helpers/fake-clock.ts'

/** A connection that notes what it is told. */
class Client implements Leaver {
  isBusy = false
  isFinishing = false
  /** When it was sent away. */
  gone: number | null = null
  final: boolean | null = null
  readonly isCallee: boolean
  readonly #scene: Scene

  constructor(scene: Scene, isCallee: boolean) {
    this.#scene = scene
    this.isCallee = isCallee
    scene.links.add(this)
  }

  finish(): void {
    this.isFinishing = true
  }

  depart(final: boolean): void {
    this.gone ??= this.#scene.clock.now()
    this.final = final
    this.#scene.links.delete(this)
  }
}

/** A router's clients and a clock. */
class Scene {
  readonly clock = new FakeClock()
  readonly links = new Set<Client>()
  readonly locals = new Set([{ isFinishing: false, finish: () => this.#finishLocal() }])
  isOver = false

  #finishLocal(): void {
    for (const local of this.locals) local.isFinishing = true
  }

  get isLocalFinishing(): boolean {
    return [...this.locals].every(({ isFinishing }) => isFinishing)
  }

  clients(count: number, isCallee = false): Client[] {
    return Array.from({ length: count }, () => new Client(this, isCallee))
  }

  /** Begins the drain; time goes on with pass(). */
  drain({ grace = 10_000, slice = 200, final = false } = {}): void {
    void drain(this.links, this.locals, this.clock, { grace, slice, final }).then(() => {
      this.isOver = true
    })
  }

  async pass(time: number): Promise<void> {
    this.clock.pass(time)
    await Promise.resolve()
  }
}

const gone = (clients: Client[]) => clients.filter(client => client.gone !== null).length

describe('a drain', () => {
  let scene: Scene

  beforeEach(() => {
    scene = new Scene()
  })

  it('of nobody is over at once', async () => {
    for (const grace of [0, 10_000]) {
      const empty = new Scene()
      empty.drain({ grace })
      await empty.pass(0)
      expect(empty.isOver).equal(true)
      expect(empty.clock.pending).equal(0)
    }
  })

  it('sends idle clients away in slices, as many a second as it is told', async () => {
    const clients = scene.clients(100)
    scene.drain({ slice: 40 })
    expect(gone(clients)).equal(2)
    await scene.pass(1000)
    expect(gone(clients)).closeTo(40, 2)
    expect(scene.isOver).equal(false)
    await scene.pass(1500)
    expect(gone(clients)).equal(100)
    expect(scene.isOver).equal(true)
  })

  it('goes faster where the slices would take more than half of the grace time', async () => {
    const clients = scene.clients(1000)
    scene.drain({ grace: 2000, slice: 1 })
    await scene.pass(1000)
    expect(gone(clients)).equal(1000)
  })

  it('waits for those with calls, and lets them make no others', async () => {
    const [busy, idle] = scene.clients(2) as [Client, Client]
    busy.isBusy = true
    scene.drain()
    expect([busy.isFinishing, busy.gone, idle.gone]).deep.equal([true, null, 0])
    await scene.pass(3000)
    expect(busy.gone).equal(null)
    busy.isBusy = false
    await scene.pass(50)
    expect(busy.gone).equal(3050)
    expect(scene.isOver).equal(true)
  })

  it('sends callees away last, when no call is left that may need them', async () => {
    const [caller] = scene.clients(1) as [Client]
    const [callee, idle] = scene.clients(2, true) as [Client, Client]
    caller.isBusy = true
    callee.isBusy = true
    scene.drain()
    await scene.pass(1000)
    expect([callee.isFinishing, idle.isFinishing]).deep.equal([false, false])
    caller.isBusy = false
    await scene.pass(1000)
    expect([caller.gone, callee.isFinishing, idle.gone]).deep.equal([1050, true, null])
    callee.isBusy = false
    await scene.pass(100)
    expect([callee.gone, idle.gone]).deep.equal([2050, 2050])
    expect(scene.isOver).equal(true)
  })

  it('holds idle callees for half of the grace time only', async () => {
    const callees = scene.clients(100, true)
    const [stuck] = callees as [Client]
    stuck.isBusy = true
    scene.drain({ grace: 10_000, slice: 20 })
    await scene.pass(4950)
    expect(gone(callees)).equal(0)
    await scene.pass(4950)
    expect(gone(callees)).equal(99)
    expect(callees.filter(({ gone }) => gone === 5000).length, 'in slices').equal(1)
    await scene.pass(100)
    expect(stuck.gone).equal(10_000)
  })

  it('lets sessions of the application make no calls once the callers are gone', async () => {
    const [caller] = scene.clients(1) as [Client]
    caller.isBusy = true
    scene.drain()
    await scene.pass(1000)
    expect(scene.isLocalFinishing).equal(false)
    caller.isBusy = false
    await scene.pass(100)
    expect(scene.isLocalFinishing).equal(true)
  })

  for (const final of [true, false]) {
    it(`sends away all at the end of the grace time, final: ${final}`, async () => {
      const clients = [...scene.clients(3), ...scene.clients(3, true)]
      for (const client of clients) client.isBusy = true
      scene.drain({ grace: 2000, final })
      await scene.pass(1999)
      expect(gone(clients)).equal(0)
      await scene.pass(51)
      expect(clients.map(client => client.final)).deep.equal(clients.map(() => final))
      expect(scene.isOver).equal(true)
    })
  }

  it('sends away all at once where there is no grace', async () => {
    const clients = [...scene.clients(500), ...scene.clients(2, true)]
    for (const client of clients) client.isBusy = true
    scene.drain({ grace: 0, slice: 1 })
    expect(gone(clients)).equal(502)
  })

  it('does not wait for those that have gone by themselves', async () => {
    const [caller] = scene.clients(1) as [Client]
    const [callee] = scene.clients(1, true) as [Client]
    caller.isBusy = true
    callee.isBusy = true
    scene.drain()
    scene.links.delete(caller)
    await scene.pass(50)
    scene.links.delete(callee)
    await scene.pass(50)
    expect(scene.isOver).equal(true)
  })

  it('ends in time, callers before callees, nobody with a call before the end, whatever comes', async () => {
    const client = fc.record({
      isCallee: fc.boolean(),
      /** When its calls are over: ms. */
      calls: fc.integer({ min: 0, max: 3000 }),
    })
    const options = fc.record({
      grace: fc.integer({ min: 0, max: 2000 }),
      slice: fc.integer({ min: 1, max: 500 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(client, { maxLength: 60 }), options, async (wanted, options) => {
        const scene = new Scene()
        const clients = wanted.map(({ isCallee, calls }) => {
          const made = new Client(scene, isCallee)
          made.isBusy = calls > 0
          scene.clock.after(calls, () => {
            made.isBusy = false
          })
          return { made, calls }
        })
        scene.drain(options)
        await scene.pass(options.grace + 50)
        expect(scene.isOver).equal(true)
        const { grace } = options
        for (const { made, calls } of clients) {
          expect(made.gone).at.most(grace + 50)
          if ((made.gone as number) < grace) {
            expect(made.gone).at.least(calls)
            expect(made.isFinishing).equal(true)
          }
        }
        const latest = Math.max(
          ...clients.filter(({ made }) => !made.isCallee).map(({ made }) => made.gone as number),
          0,
        )
        for (const { made } of clients) {
          if (made.isCallee && (made.gone as number) < grace / 2) {
            expect(made.gone).at.least(latest)
          }
        }
      }),
    )
  })
})
