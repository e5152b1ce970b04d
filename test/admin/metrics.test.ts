import { expect } from 'chai'
import { COUNTED } from '../../src/base/counters.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { BOUNDS } from '../../src/traffic/histogram.ts'
import { type AdminClient, openAdmin } from '../helpers/admin.ts'
import { ask } from '../helpers/poll-client.ts'
import { eventually, hangUp, member } from '../helpers/raw-client.ts'
import { readMetrics, type Told } from './exposition.ts'

describe('/metrics', () => {
  let router: Router
  let admin: AdminClient

  beforeEach(async () => {
    router = createRouter({ development: true })
    admin = await openAdmin(router)
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 100 })
  })

  const scrape = (headers: Record<string, string> = {}) => admin.get('metrics', headers)

  async function metrics(): Promise<Map<string, Told>> {
    const { status, body } = await scrape()
    expect(status).equal(200)
    return readMetrics(body.toString())
  }

  /** The value of a line. */
  async function value(line: string): Promise<number | undefined> {
    const name = line.replace(/\{.*/, '')
    for (const [family, { samples }] of await metrics()) {
      if (name.startsWith(family) && samples.has(line)) return samples.get(line)
    }
    return undefined
  }

  it('is text that Prometheus reads, with the units and endings that its conventions ask for', async () => {
    const { headers, body } = await scrape()
    expect(headers['content-type']).equal('text/plain; version=0.0.4; charset=utf-8')
    const told = readMetrics(body.toString())
    for (const [name, { type, help }] of told) {
      expect(name).match(/^(wampd|process|nodejs)_[a-z_]+$/)
      expect(name.endsWith('_total'), name).equal(type === 'counter')
      expect(help, name).match(/^[A-Z0-9].*\.$/)
    }
    for (const what of Object.keys(COUNTED)) expect([...told.keys()]).include(`wampd_${what}_total`)
  })

  it('is OpenMetrics to who asks for that', async () => {
    const { headers, body } = await scrape({
      accept: 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5',
    })
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    expect(headers['content-type']).equal(type)
    const text = body.toString()
    expect(text).match(/\n# EOF\n$/)
    expect(text).contain('# TYPE wampd_message_bytes counter\nwampd_message_bytes_total{')
    // Neither form changes the other.
    expect(await value('wampd_message_bytes_total{direction="sent"}')).equal(0)
  })

  it('asks for the token, unless it is to be open', async () => {
    await router.close()
    const keys = { endpoint: { port: 0 }, token: 'x'.repeat(16) }
    router = createRouter({ realms: [], admin: keys })
    await router.start()
    const url = router.status().admin as string
    const statuses = async () => {
      const paths = ['metrics', 'api/overview']
      return Promise.all(paths.map(async path => (await ask('GET', url + path)).status))
    }
    expect(await statuses()).deep.equal([401, 401])
    router.reload({ realms: [], admin: { ...keys, open_metrics: true } })
    expect(await statuses()).deep.equal([200, 401])
    router.reload({ realms: [], admin: keys })
    expect(await statuses()).deep.equal([401, 401])
    const headers = { authorization: `Bearer ${keys.token}` }
    expect((await ask('GET', `${url}metrics`, '', headers)).status).equal(200)
  })

  it('is there to be read only', async () => {
    const authorization = `Bearer ${admin.token}`
    const as = (method: string) => ask(method, `${admin.url}metrics`, '', { authorization })
    const { status, headers } = await as('POST')
    expect([status, headers.allow]).deep.equal([405, 'GET, HEAD'])
    const asked = await as('HEAD')
    expect([asked.status, asked.body.length]).deep.equal([200, 0])
  })

  it('tells what each realm has', async () => {
    const session = router.session('realm1')
    await session.subscribe('a.b', () => {})
    await session.register('a.c', () => new Promise<void>(() => {}))
    void session.call('a.c').catch(() => {})
    router.session('a."realm"\\2')
    await eventually('a call', () => router.status().realms[0]?.calls === 1)
    const told = await metrics()
    const ofRealms = (name: string) => [...(told.get(name) as Told).samples.entries()]
    const [one, two] = ['{realm="realm1"}', '{realm="a.\\"realm\\"\\\\2"}']
    expect(ofRealms('wampd_sessions')).deep.equal([
      [`wampd_sessions${one}`, 1],
      [`wampd_sessions${two}`, 1],
    ])
    for (const name of ['wampd_subscriptions', 'wampd_registrations', 'wampd_open_calls']) {
      expect(ofRealms(name)).deep.equal([
        [`${name}${one}`, 1],
        [`${name}${two}`, 0],
      ])
    }
  })

  it('sums up realms beyond a hundred, and one that has the name of the sum', async () => {
    for (let i = 0; i < 120; i++) router.session(i === 3 ? 'other' : `realm${i}`)
    const { samples } = (await metrics()).get('wampd_sessions') as Told
    expect(samples.size).equal(100)
    expect(samples.get('wampd_sessions{realm="other"}')).equal(21)
    expect([...samples.values()].reduce((a, b) => a + b)).equal(120)
    expect(await value('wampd_realms')).equal(120)
  })

  it('tells what was counted, and how long calls and deliveries took', async () => {
    const { url: ws } = await router.listen({ port: 0 })
    const client = await member(ws)
    await client.ask([32, 1, {}, 'a.b'])
    await client.ask([16, 2, { exclude_me: false }, 'a.b', ['hi']])
    await client.ask([48, 3, {}, 'no.body'])
    const told = await metrics()
    const buckets = (name: string, labels: string) => {
      const { samples } = told.get(name) as Told
      const counts = [...BOUNDS, '+Inf'].map(le =>
        samples.get(`${name}_bucket{${labels}le="${le}"}`),
      )
      expect([...counts].sort((a = 0, b = 0) => a - b)).deep.equal(counts)
      return counts.at(-1)
    }
    expect(buckets('wampd_call_duration_seconds', 'outcome="error",')).equal(1)
    expect(buckets('wampd_call_duration_seconds', 'outcome="result",')).equal(0)
    expect(buckets('wampd_delivery_duration_seconds', '')).equal(1)
    expect(buckets('wampd_event_loop_delay_seconds', '')).least(0)
    client.sendRaw('no message')
    await client.rest()
    expect(await value('wampd_protocol_violations_total')).equal(1)
    expect(await value('wampd_messages_total{direction="sent",type="ABORT"}')).equal(1)
  })

  it('tells of reloads', async () => {
    expect(await value('wampd_last_reload_timestamp_seconds')).equal(undefined)
    const before = Date.now() / 1000
    router.reload({ log: { level: 'error' } })
    expect(() => router.reload({ nothing: 1 } as never)).throws()
    expect(await value('wampd_reloads_total{outcome="applied"}')).equal(1)
    expect(await value('wampd_reloads_total{outcome="refused"}')).equal(1)
    expect(await value('wampd_last_reload_timestamp_seconds')).within(before, Date.now() / 1000)
  })

  it('tells of the process', async () => {
    const { transport } = await router.listen({ port: 0 })
    const told = await metrics()
    const [info] = (told.get('wampd_build_info') as Told).samples.keys()
    expect(info).match(
      new RegExp(`version=".*",node="${process.version}",transports="${transport}"`),
    )
    const started = await value('process_start_time_seconds')
    expect(started).closeTo(Date.now() / 1000 - process.uptime(), 2)
    const cpu = await value('process_cpu_seconds_total')
    const { user, system } = process.cpuUsage()
    expect(cpu).within(0, (user + system) / 1e6)
    expect(await value('process_resident_memory_bytes')).above(1 << 20)
    expect(await value('wampd_memory_limit_bytes')).equal(router.config.memory.limit)
  })

  it('is told while the router goes down', async () => {
    const { url: ws } = await router.listen({ port: 0 })
    const [callee, caller] = [await member(ws), await member(ws)]
    await callee.ask([64, 1, {}, 'a.b'])
    caller.send([48, 1, {}, 'a.b'])
    const [, invocation] = await callee.next()
    expect(await value('wampd_ready')).equal(1)
    const drained = router.drain()
    expect(await value('wampd_ready')).equal(0)
    expect(await value('wampd_open_calls{realm="realm1"}')).equal(1)
    callee.send([70, invocation, {}])
    expect((await caller.next())[0]).equal(50)
    await drained
    const gone = await scrape().catch((error: NodeJS.ErrnoException) => error.code)
    expect(gone).equal('ECONNREFUSED')
  })
})
