import { expect } from 'chai'
import fc from 'fast-check'
import { quantile, ratesBetween } from '../../page/state/rates.ts'
import type { Overview } from '../../src/admin/operations/router.ts'

const BOUNDS = [0.001, 0.01, 0.1, 1]
const EMPTY: Overview = {
  ...{ version: '1', node: 'v20', pid: 1, state: 'running', ready: true },
  ...{ started: '2026-01-01T00:00:00Z', now: 0, listening: [], connections: 0, realms: 0 },
  ...{ sessions: 0, subscriptions: 0, registrations: 0, calls: 0, queued: 0, cpu: 0 },
  memory: { rss: 0, heap: 0, external: 0, limit: 1 },
  loopDelay: { p50: 0, p99: 0, max: 0 },
  latency: {
    call: { bounds: BOUNDS, counts: [0, 0, 0, 0, 0], sum: 0 },
    delivery: { bounds: BOUNDS, counts: [0, 0, 0, 0, 0], sum: 0 },
  },
  reloads: { applied: 0, refused: 0, last: null },
  ...{ received: {}, sent: {}, bytesReceived: 0, bytesSent: 0, counters: {} },
}

describe('rates of the admin page', () => {
  it('are what came between two answers, by the second', () => {
    const call = { bounds: BOUNDS, counts: [1, 4, 0, 0, 0], sum: 0.02 }
    const before = {
      ...EMPTY,
      ...{ now: 1000, received: { CALL: 5 }, bytesReceived: 100, cpu: 1 },
      ...{ counters: { floods: 1, silent: 2 }, latency: { ...EMPTY.latency, call } },
    }
    const later = { ...call, counts: [1, 6, 1, 0, 0] }
    const sample = ratesBetween(before, {
      ...before,
      ...{ now: 3000, received: { CALL: 9, HELLO: 2 }, bytesReceived: 300, cpu: 2 },
      ...{ counters: { floods: 1, silent: 5 }, latency: { ...EMPTY.latency, call: later } },
    })
    expect(sample).deep.include({ at: 3000, received: 3, sent: 0, bytesReceived: 100, cpu: 0.5 })
    expect(sample.receivedByType).deep.equal({ CALL: 2, HELLO: 1 })
    expect(sample.counters).deep.equal({ silent: 3 })
    expect(sample.call.counts).deep.equal([0, 2, 1, 0, 0])
  })
})

describe('quantiles of the admin page', () => {
  const of = (q: number, ...counts: number[]) => quantile(q, [{ bounds: BOUNDS, counts }])

  it('lie between the bounds of their bucket', () => {
    expect(of(0.5, 0, 10, 0, 0, 0)).closeTo(0.0055, 1e-9)
    expect(of(0.99, 98, 0, 2, 0, 0)).closeTo(0.055, 1e-9)
    expect(of(0.5, 0, 0, 0, 0, 3)).equal(1)
  })

  it('are none where nothing was measured', () => {
    expect(of(0.5, 0, 0, 0, 0, 0)).equal(null)
    expect(quantile(0.5, [])).equal(null)
  })

  it('never fall as more is asked for, and stay within the bounds', () => {
    const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(fc.array(counts, { minLength: 1, maxLength: 10 }), all => {
        const latencies = all.map(counts => ({ bounds: BOUNDS, counts }))
        const values = [0.01, 0.5, 0.9, 0.99].map(q => quantile(q, latencies))
        if (all.flat().every(count => count === 0)) expect(values[0]).equal(null)
        else {
          expect(values).deep.equal(values.toSorted((a, b) => (a as number) - (b as number)))
          for (const value of values) expect(value).within(0, 1)
        }
      }),
    )
  })
})
