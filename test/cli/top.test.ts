import { constants } from 'node:os'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Figures, Histogram, Overview, Sample } from '../../src/cli/top/sample.ts'
import { figuresOf, isAnother } from '../../src/cli/top/sample.ts'
import { linesOf } from '../../src/cli/top/text.ts'
import { InProcess } from './in-process.ts'
import { describeOnTerminal, onTerminal } from './terminal.ts'
import { until, Wampd } from './wampd.ts'

const BOUNDS = [0.001, 0.01, 0.1]
const histogram = (counts: number[]): Histogram => ({ bounds: BOUNDS, counts })

function sample(given: Partial<Overview> = {}): Sample {
  const none = histogram([0, 0, 0, 0])
  const overview: Overview = {
    ...{ version: '1', node: 'v20', pid: 1, state: 'running', ready: true, now: 1_000_000 },
    ...{ started: '2026-01-01T00:00:00.000Z', cpu: 0, queued: 0, bytesReceived: 0, bytesSent: 0 },
    ...{ connections: 0, sessions: 0, subscriptions: 0, registrations: 0, calls: 0 },
    memory: { rss: 1, heap: 1, external: 1, limit: 2 },
    loopDelay: { p50: 1, p99: 2, max: 3 },
    latency: { call: none, delivery: none },
    ...{ received: {}, sent: {}, counters: {} },
    ...given,
  }
  return { overview, realms: [], slow: [] }
}

const between = (before: Partial<Overview>, after: Partial<Overview>): Figures =>
  figuresOf(sample(before), sample({ now: 1_002_000, ...after }), sample(before))

describe('top: what was between two samples', () => {
  it('is told by the second, by type, and of a core', () => {
    const figures = between(
      { received: { CALL: 10, PUBLISH: 5 }, bytesReceived: 100, cpu: 1 },
      { received: { CALL: 30, PUBLISH: 5, HELLO: 1 }, bytesReceived: 300, cpu: 2 },
    )
    expect(figures.received).deep.equal({
      messages: 10.5,
      bytes: 100,
      byType: { CALL: 10, HELLO: 0.5 },
    })
    expect([figures.seconds, figures.cpu]).deep.equal([2, 0.5])
  })

  it('has counters that moved since the first sample of all', () => {
    const first = sample({ counters: { too_slow: 1, gaps_told: 0, floods: 7 } })
    const last = sample({ counters: { too_slow: 3, gaps_told: 1, floods: 7 } })
    expect(figuresOf(last, last, first).counters).deep.equal({ too_slow: 2, gaps_told: 1 })
  })

  it('has the quantiles of what was timed meanwhile alone', () => {
    const call = histogram([1000, 0, 0, 0])
    const later = histogram([1000, 90, 10, 0])
    const delivery = histogram([0, 0, 0, 0])
    const { call: timing, delivery: none } = between(
      { latency: { call, delivery } },
      { latency: { call: later, delivery } },
    )
    expect(timing.rate).equal(50)
    expect(timing.p50).closeTo(0.001 + (0.009 * 50) / 90, 1e-9)
    expect(timing.p99).closeTo(0.01 + (0.09 * 9) / 10, 1e-9)
    expect(none).deep.equal({ rate: 0, p50: null, p99: null })
  })

  it('has quantiles in the buckets where they lie, and in order', () => {
    const counts = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(counts, counts, (before, more) => {
        const after = before.map((count, i) => count + (more[i] as number))
        const { p50, p99 } = between(
          { latency: { call: histogram(before), delivery: histogram([]) } },
          { latency: { call: histogram(after), delivery: histogram([]) } },
        ).call
        const total = more.reduce((sum, one) => sum + one)
        if (total === 0) return p50 === null && p99 === null
        const upTo = (bound: number) =>
          more.slice(0, BOUNDS.indexOf(bound) + 1).reduce((sum, one) => sum + one, 0)
        const bound = BOUNDS.find(one => (p50 as number) <= one) as number
        const isIn = upTo(bound) >= total / 2 || bound === BOUNDS.at(-1)
        return isIn && (p50 as number) <= (p99 as number)
      }),
    )
  })

  it('is nothing where the router was started anew', () => {
    const now = sample()
    expect(isAnother(now, now)).equal(false)
    expect(isAnother(now, sample({ started: '2026-01-02T00:00:00.000Z' }))).equal(true)
  })

  it('fits into any terminal', () => {
    const names = fc.string({ unit: 'grapheme', maxLength: 100 })
    fc.assert(
      fc.property(names, fc.nat(200), fc.nat(60), fc.nat(30), (name, width, height, count) => {
        const numbers = { sessions: 1e9, subscriptions: 2, registrations: 3, calls: 4, refused: 5 }
        const rows = Array.from({ length: count }, (_, i) => ({
          name: `${name}${i}`,
          roles: [],
          ...numbers,
        }))
        const slow = rows.map(({ name }, i) => ({
          ...{ realm: name, session: i, authid: name, authrole: name, authmethod: '', peer: name },
          ...{ transport: 'websocket', protocol: '', joined: 1, waiting: 1e12 },
          ...{ subscriptions: 1, registrations: 1 },
        }))
        const figures = { ...between({}, { counters: { floods: 1e9 } }), realms: rows, slow }
        const lines = linesOf(figures, { sort: 'name', width, height })
        return (
          lines.length <= height &&
          lines.every(({ text }) => text.length <= width && !/[\x00-\x1f\x7f-\x9f]/.test(text))
        )
      }),
    )
  })
})

describe('command line: top', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const own = new InProcess(wampd)

  /** Calls that take a while, until the router closes. */
  async function busy(): Promise<void> {
    const [callee, caller] = own.join('realm1', 'ann', 'joe')
    await callee?.register('a.slow', () => new Promise(resolve => setTimeout(resolve, 20)))
    const again = (): unknown => caller?.call('a.slow').then(again, () => {})
    again()
  }

  it('prints one interval as JSON', async () => {
    await busy()
    own.join('other', 'sue')
    const figures = JSON.parse(await wampd.output('top', '--once', '--json')) as Figures
    expect(figures).include({ state: 'running', ready: true, sessions: 3, registrations: 1 })
    expect(figures.seconds).within(0.9, 5)
    expect(figures.call.rate).within(1, 60)
    expect(figures.call.p50).within(0.01, 2)
    expect(figures.delivery).deep.equal({ rate: 0, p50: null, p99: null })
    expect(figures.realms.map(({ name, sessions }) => [name, sessions])).deep.equal([
      ['realm1', 2],
      ['other', 1],
    ])
    for (const key of ['time', 'cpu', 'queued', 'memory', 'loopDelay', 'counters', 'slow']) {
      expect(figures).property(key)
    }
  })

  it('prints one interval for people, with its realms in the order that is asked for', async () => {
    own.join('realm1', 'ann', 'joe')
    own.join('other', 'sue')
    const lines = (await wampd.output('top', '--once', '--sort', 'name')).split('\n')
    expect(lines[0]).match(/^wampd \S+, process \d+, running, for \d+s, Node v/)
    const at = lines.findIndex(line => line.startsWith('realm '))
    expect(lines.slice(at + 1, at + 3).map(line => line.split(/ +/).slice(0, 2))).deep.equal([
      ['other', '1'],
      ['realm1', '2'],
    ])
  })

  it('prints a line for each interval where it is not on a terminal, until the router is gone', async () => {
    own.join('realm1', 'ann')
    const run = wampd.run('top')
    const json = wampd.run('top', '--json')
    await until(run, () => run.out.split('\n').length > 3)
    await until(json, () => json.out.split('\n').length > 2)
    await own.close()
    expect([await run.exited, await json.exited]).deep.equal([1, 1])
    expect(run.err).match(/^wampd: no answer from a router at /)
    const [heading, ...lines] = run.out.trimEnd().split('\n')
    expect(heading).match(/^ +time sessions +calls +in\/s +out\/s +p50 +p99/)
    for (const line of lines) expect(line).match(/^\d\d:\d\d:\d\d +1 +0 +0 +0 +- +-/)
    for (const line of json.out.trimEnd().split('\n')) {
      expect(JSON.parse(line)).include({ sessions: 1 })
    }
  })

  it('refuses what does not fit, and says that there is no router', async () => {
    expect((await wampd.failure(2, 'top', '--interval', '0'))[0]).contain('from 1 to 3600')
    expect((await wampd.failure(2, 'top', '--sort', 'age'))[0]).contain('Allowed choices')
    await own.close()
    expect((await wampd.failure(1, 'top'))[0]).match(/^no answer from a router/)
  })

  describeOnTerminal('on a terminal', () => {
    it('draws anew, takes keys and sizes, and gives the terminal back', async () => {
      own.join('a.few', 'ann')
      own.join('b.more', 'joe', 'sue')
      const top = onTerminal(wampd, [24, 80], 'top')
      await top.shows(/^b\.more +2/)
      expect(top.screen()).length.at.most(24)
      for (const line of top.screen()) expect(line).length.at.most(80)
      const realms = () => top.screen().filter(line => /^[ab]\./.test(line))
      expect(realms()[0]).match(/^b\.more/)
      top.press('n')
      await until(top, () => /^a\.few/.test(realms()[0] ?? ''))
      top.resize(16, 50)
      await until(top, () => top.screen().length <= 16)
      for (const line of top.screen()) expect(line).length.at.most(50)
      top.press('q')
      expect(await top.exited).equal(0)
      // Nothing was wiped in between, which would flicker.
      expect(top.out).not.contain('\x1b[2J')
      expect(top.out.startsWith('\x1b[?1049h\x1b[?25l')).equal(true)
      expect(top.out).match(/\x1b\[\?25h\x1b\[\?1049l$/)
    })

    it('goes on when the router comes back', async () => {
      const top = onTerminal(wampd, [24, 120], 'top')
      await top.shows(/every 1 s/)
      await own.close()
      await top.shows(/no answer from a router.*trying again/)
      await own.open()
      own.join('realm1', 'ann')
      await top.shows(/^realm1 +1/)
      top.press('\x03')
      expect(await top.exited).equal(0)
    })

    it('ends by a signal, and gives the terminal back', async () => {
      const top = onTerminal(wampd, [24, 80], 'top')
      await top.shows(/every 1 s/)
      top.signal(constants.signals.SIGTERM)
      expect(await top.exited).equal(0)
      expect(top.out).match(/\x1b\[\?25h\x1b\[\?1049l$/)
    })

    it('without a router says so, and leaves the terminal as it is', async () => {
      await own.close()
      const top = onTerminal(wampd, [24, 80], 'top')
      expect(await top.exited).equal(1)
      expect(top.out).match(/^wampd: no answer from a router/)
    })
  })
})
