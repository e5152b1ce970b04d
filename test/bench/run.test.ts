import { expect } from 'chai'
import type { WebSocket } from 'ws'
import { SCENARIOS } from '../../src/bench/loads.ts'
import { type Figures, type Plan, run } from '../../src/bench/run.ts'
import { createRouter, type Router } from '../../src/index.ts'
import { json } from '../../src/serializer/json.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { faultyRouter } from './faulty-router.ts'

const PLAN: Plan = {
  scenario: 'rpc',
  shape: { connections: 2, subscribers: 3, payload: 16 },
  rate: 500,
  warmup: 0.05,
  seconds: 0.2,
}
const BESIDE = { pid: process.pid, tell: () => {} }

function measure(url: string, plan: Partial<Plan> = {}): Promise<Figures> {
  const target = { url, realm: 'realm1', serializer: json }
  return run({ ...PLAN, ...plan }, target, BESIDE)
}

describe('bench: run', function () {
  this.timeout(30000)
  let router: Router
  let url: string
  before(async () => {
    router = createRouter({ development: true, log: { level: 'silent' } })
    url = (await router.listen({ port: 0, transport: 'ws' })).url
  })
  after(() => router.close())

  for (const serializer of SERIALIZERS) {
    for (const scenario of SCENARIOS) {
      it(`${scenario} in ${serializer.name} finds no fault in wampd, and leaves nobody behind`, async () => {
        const target = { url, realm: 'realm1', serializer }
        const figures = await run({ ...PLAN, scenario }, target, BESIDE)
        const each = scenario === 'pubsub' ? 3 : 1
        // 250 ms at 500 a second, both ends included or not.
        expect(figures.sent).to.be.within(125, 126)
        expect(figures).to.include({ sound: true, unsent: 0, arrived: figures.sent * each })
        const { p50, p90, p99, p999, max } = figures.latency
        expect([p50, p90, p99, p999, max]).to.deep.equal(
          [p50, p90, p99, p999, max].sort((a, b) => a - b),
        )
        expect(p50).to.be.above(0)
        if (process.platform === 'linux') expect(figures).to.have.property('router_cpu')
        expect(router.status().realms.map(realm => realm.sessions)).to.deep.equal([0])
      })
    }
  }

  it('keeps a number of messages in flight', async () => {
    let inFlight = 0
    let most = 0
    const window = 7
    const faulty = await faultyRouter({
      result(message, _, send) {
        most = Math.max(most, ++inFlight)
        setTimeout(() => {
          inFlight--
          send(message)
        }, 5)
      },
    })
    const shape = { ...PLAN.shape, connections: 1 }
    const { rate: _, ...plan } = PLAN
    const target = { url: faulty.url, realm: 'realm1', serializer: json }
    const figures = await run({ ...plan, shape, window }, target, BESIDE)
    faulty.close()
    expect(most).to.equal(window)
    expect(figures).to.include({ sound: true, unsent: 0 })
  })

  it('finds events that are lost, doubled, out of order and changed', async () => {
    const held: unknown[] = []
    const faulty = await faultyRouter({
      event(message, _, send) {
        const [number] = message[4] as [number]
        if (number === 5) return
        if (number === 10) held.push(message)
        else send(message)
        if (number === 11) held.map(send)
        if (number === 20) send(message)
        if (number === 30) send([36, 1, 1, {}, [31, 0, 'other']])
        if (number === 32) send([36, 1, 1, {}, [1e9, 0, 'x'.repeat(16)]])
      },
    })
    const shape = { ...PLAN.shape, subscribers: 1 }
    const figures = await measure(faulty.url, { scenario: 'pubsub', shape })
    faulty.close()
    expect(figures).to.include({ lost: 1, duplicates: 1, disordered: 1, wrong: 2, sound: false })
  })

  it('finds calls that are not answered, answered twice, in error and wrongly', async () => {
    const faulty = await faultyRouter({
      result(message, _, send) {
        const [, request, , args] = message as [number, number, object, unknown[]]
        if (request === 5) return
        if (request === 10) send([8, 48, request, {}, 'com.example.broken'])
        else if (request === 15) send([50, request, {}, [request + 1, ...args.slice(1)]])
        else send(message)
        if (request === 20) send(message)
      },
    })
    const shape = { ...PLAN.shape, connections: 1 }
    const figures = await measure(faulty.url, { shape })
    faulty.close()
    expect(figures).to.include({ errors: 1, first_error: 'com.example.broken', duplicates: 1 })
    // The wrong answer is no arrival either.
    expect(figures).to.include({ wrong: 1, lost: 2, sound: false })
  })

  it('does not let a router hide that it stalls', async () => {
    const held: unknown[] = []
    let stalls = true
    const faulty = await faultyRouter({
      result(message, _, send) {
        if (!stalls) return send(message)
        if (held.push(message) > 1) return
        setTimeout(() => {
          stalls = false
          held.map(send)
        }, 200)
      },
    })
    const shape = { ...PLAN.shape, connections: 1 }
    const figures = await measure(faulty.url, { shape, warmup: 0 })
    faulty.close()
    expect(figures).to.include({ sound: true, unsent: 0 })
    // Whatever was due has waited for the end of the stall: half of it for more than half the time.
    expect(figures.latency.p50).to.be.above(80_000)
    expect(figures.latency.max).to.be.above(190_000)
  })

  const ends: [string, (socket: WebSocket) => void, RegExp][] = [
    [
      'ABORT',
      socket => socket.send('[3,{"message":"not\\u001bhere"},"wamp.error.no_such_realm"]'),
      /^the router sent ABORT wamp\.error\.no_such_realm \(not\\u001bhere\)$/,
    ],
    ['no WAMP', socket => socket.send('{"a":1}'), /^the router sent what is no WAMP message/],
    ['another message', socket => socket.send('[33,1,1]'), /HELLO with a message of type 33$/],
    ['a challenge', socket => socket.send('[4,"ticket",{}]'), /HELLO with a message of type 4$/],
    [
      'close',
      socket => socket.close(4000, 'go away'),
      /^the router closed a connection: 4000 go away$/,
    ],
  ]
  for (const [what, hello, text] of ends) {
    it(`says why there is no session: ${what}`, async () => {
      const faulty = await faultyRouter({ hello })
      const error = await measure(faulty.url).catch(error => error)
      faulty.close()
      expect(error).to.have.property('name', 'BenchError')
      expect(error.message).to.match(text)
    })
  }

  it('says that the connection was lost while it measured', async () => {
    const faulty = await faultyRouter({ event: (_, to) => to.terminate() })
    const error = await measure(faulty.url, { scenario: 'pairs' }).catch(error => error)
    faulty.close()
    expect(error.message).to.equal('the router closed a connection: 1006')
  })
})
