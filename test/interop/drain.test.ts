import autobahn from 'autobahn'
import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { freePort } from '../helpers/free-port.ts'
import { eventually, pause, within } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'
import { type Client, type ClientKind, WampError } from './client.ts'
import { jsonKinds } from './kinds.ts'
import { pythonKinds, runPython, startPython } from './python.ts'

/** How long the callee takes for an answer: ms. */
const WORK = 120

/** What became of the calls of one client. */
interface Caller {
  readonly name: string
  /** By the number of the call: `answered`, an error's URI, or what the library says. */
  readonly outcomes: Map<number, string>
  /** How often it has joined. */
  joined: number
  stop(): unknown
}

describe('a drain and a restart under load', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  /** What ends a test, however it goes. */
  let atEnd: (() => unknown)[] = []
  afterEach(async function () {
    this.timeout(15_000)
    for (const end of atEnd.reverse()) await end()
    atEnd = []
  })

  function newRouter(): Router {
    const router = createRouter({ development: true })
    atEnd.push(() => router.close({ final: true, grace: 500 }))
    return router
  }

  for (const transport of TRANSPORTS) {
    it(`lose no call and no client on ${transport}`, async function () {
      this.timeout(30_000)
      const port = await freePort()
      const first = newRouter()
      const { url } = await first.listen({ port, transport })
      const callee = startCallee(url)
      await eventually('the callee joins', () => callee.joined === 1)
      const callers = await startCallers(url)
      await eventually('all call', () => callers.every(caller => answered(caller) >= 2))

      const second = newRouter()
      const drained = first.drain({ grace: 5000, slice: 20 })
      await second.listen({ port, transport })
      await within(6000, 'end of the drain', drained)
      const before = callers.map(answered)
      await eventually('all call again', () =>
        callers.every((caller, i) => answered(caller) >= (before[i] as number) + 2),
      )

      // Whatever reached the callee before the restart came back to its caller. (What wampy could not
      // send any more it has given up, yet sends it when it is back.)
      const invoked = callee.invoked[0] as string[]
      for (const call of invoked) expect(outcome(callers, call), call).equal('answered')
      for (const { name, joined } of [...callers, callee]) expect(joined, name).equal(2)

      await within(6000, 'end of the drain', second.drain({ final: true }))
      const third = newRouter()
      await third.listen({ port, transport })
      await pause(1000)
      // A Component of Autobahn|Python joins again after any end, so nothing is asked of it here.
      for (const { name, joined } of [...callers, callee]) {
        if (!name.includes('Component')) expect(joined, `${name} stays away`).equal(2)
      }
    })
  }

  async function startCallers(url: string): Promise<Caller[]> {
    const kinds = jsonKinds.filter(({ name }) => !name.includes('Python'))
    const starting: Promise<Caller>[] = kinds.map(kind => startCaller(kind, url))
    if (pythonKinds.length > 0) starting.push(startComponent(url))
    const callers = await Promise.all(starting)
    for (const { stop } of callers) atEnd.push(stop)
    return callers
  }
})

function answered({ outcomes }: Caller): number {
  return [...outcomes.values()].filter(outcome => outcome === 'answered').length
}

function outcome(callers: readonly Caller[], call: string): string | undefined {
  const at = call.lastIndexOf(' ')
  const caller = callers.find(({ name }) => name === call.slice(0, at))
  return caller?.outcomes.get(Number(call.slice(at)))
}

/** An Autobahn|JS client that answers slowly, and notes which calls it got in each session. */
function startCallee(url: string) {
  const connection = new autobahn.Connection({
    url,
    realm: 'realm1',
    use_es6_promises: true,
    initial_retry_delay: 0.1,
    retry_delay_growth: 1,
    max_retries: 50,
  })
  const callee = { name: 'callee', joined: 0, invoked: [] as string[][] }
  connection.onopen = async session => {
    const calls: string[] = []
    callee.invoked.push(calls)
    await session.register('interop.slow', async ([name, number]) => {
      calls.push(`${name} ${number}`)
      await pause(WORK)
      return number
    })
    callee.joined++
  }
  connection.onclose = () => false
  connection.open()
  return callee
}

async function startCaller(kind: ClientKind, url: string): Promise<Caller> {
  const outcomes = new Map<number, string>()
  let isOver = false
  const stop = () => {
    isOver = true
  }
  const caller = { name: kind.name, outcomes, joined: 1, stop }
  const client = await kind.connect(url, () => caller.joined++)
  const run = async () => {
    for (let number = 1; !isOver; number++) {
      const outcome = await call(client, kind.name, number)
      outcomes.set(number, outcome)
      if (outcome !== 'answered') await pause(50)
    }
  }
  void run()
  return caller
}

async function call(client: Client, name: string, number: number): Promise<string> {
  try {
    // Not all libraries settle the calls of a connection that is gone.
    const answer = within(1000, 'answer', client.call('interop.slow', [name, number], {}))
    return (await answer).args[0] === number ? 'answered' : 'wrong'
  } catch (error) {
    return error instanceof WampError ? error.error : String(error)
  }
}

/** A Component of Autobahn|Python, which joins again by itself. */
async function startComponent(url: string): Promise<Caller> {
  const name = 'Autobahn|Python Component'
  const outcomes = new Map<number, string>()
  const python = await runPython('caller.py', url, name, 'interop.slow')
  const caller = { name, outcomes, joined: 0, stop: () => python.stop() }
  python.onLine(line => {
    const { joined, call, outcome } = JSON.parse(line)
    if (joined === undefined) outcomes.set(call, outcome)
    else caller.joined = joined
  })
  return caller
}
