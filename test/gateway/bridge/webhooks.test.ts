import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Counters } from '../../../src/base/counters.ts'
import { checkConfig } from '../../../src/config/load.ts'
import { Webhook } from '../../../src/gateway/bridge/webhook.ts'
import { ConfigError } from '../../../src/index.ts'
import { errorLog } from '../../helpers/error-log.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { eventually, pause } from '../../helpers/raw-client.ts'
import { configOf, World } from './world.ts'

const KEY = Buffer.from('0123456789abcdef0123456789abcdef')
const secret = `whsec_${KEY.toString('base64')}`

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that takes webhooks, with these statuses one after another, 200 in the end. */
class Taker {
  readonly received: Received[] = []
  statuses: number[] = []
  /** Requests are not answered. */
  isSilent = false
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', text => (body += text))
      request.on('end', () => {
        this.received.push({ headers: request.headers, body })
        if (this.isSilent) return
        response.writeHead(this.statuses.shift() ?? 200).end('taken')
      })
    })
  }

  listen(): Promise<void> {
    return new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?key=hidden`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise(resolve => this.#server.close(() => resolve()))
  }
}

describe('webhooks of the HTTP bridge', () => {
  let taker: Taker

  beforeEach(async () => {
    taker = new Taker()
    await taker.listen()
  })
  afterEach(() => taker.close())

  it('post the events of a topic, signed', async () => {
    const webhooks = [{ topic: 'a.', match: 'prefix', url: taker.url, secret, role: 'hooks' }]
    const world = await new World({ bridge: { webhooks } }).start()
    const counters = () => world.router.status().counters
    try {
      await eventually('session', () => world.router.status().connections === 1)
      await pause(20)
      const options = { acknowledge: true }
      const id = await world.session.publish('a.b', [1, 'π'], { k: 2 }, options)
      const _traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      await world.session.publish('a.c', [2], {}, { ...options, _traceparent })
      await eventually('posts', () => taker.received.length === 2)
      const [first, second] = taker.received as [Received, Received]
      expect(JSON.parse(first.body)).deep.equal({ topic: 'a.b', args: [1, 'π'], kwargs: { k: 2 } })
      expect(JSON.parse(second.body)).deep.equal({ topic: 'a.c', _traceparent, args: [2] })
      const traces = [first, second].map(({ headers }) => headers.traceparent)
      expect(traces).deep.equal([undefined, _traceparent])
      const { 'webhook-timestamp': time, 'webhook-signature': signature } = first.headers
      expect(first.headers['webhook-id']).equal(String(id))
      expect(first.headers['content-type']).equal('application/json')
      expect(Math.abs(Date.now() / 1000 - Number(time))).lessThan(10)
      const mac = createHmac('sha256', KEY).update(`${id}.${time}.${first.body}`).digest('base64')
      expect(signature).equal(`v1,${mac}`)
      await eventually('counts', () => counters().webhooks_sent === 2)

      // It comes again after it was killed.
      await world.session.call('wamp.session.kill_all')
      await eventually('end', () => world.router.status().connections === 0)
      await eventually('session', () => world.router.status().connections === 1)
      await pause(20)
      await world.session.publish('a.d', [3], {}, options)
      await eventually('post', () => taker.received.length === 3)
      expect(world.errors).deep.equal([])
    } finally {
      await world.router.close({ grace: 0 })
    }
  })

  it('follow a reload', async () => {
    const hook = { topic: 'a', url: taker.url, secret, role: 'hooks' }
    const world = await new World({ bridge: { webhooks: [hook] } }).start()
    try {
      await eventually('session', () => world.router.status().connections === 1)
      world.router.reload({ ...configOf({ bridge: { webhooks: [{ ...hook, topic: 'b' }] } }) })
      await pause(100)
      await world.session.publish('a', [1], {}, { acknowledge: true })
      await world.session.publish('b', [2], {}, { acknowledge: true })
      await eventually('post', () => taker.received.length === 1)
      expect(JSON.parse((taker.received[0] as Received).body).topic).equal('b')
      world.router.reload({ ...configOf() })
      await eventually('end', () => world.router.status().connections === 0)
    } finally {
      await world.router.close({ grace: 0 })
    }
  })

  it('are refused with keys that are wrong, and secrets are not shown', () => {
    const wrong = [
      [{ url: 'ftp://a.example/' }, /webhooks\.0\.url|webhooks\[0\]\.url/],
      [{ url: 'nonsense' }, /url/],
      [{ secret: 'plain-secret' }, /secret/],
      [{ retries: -1 }, /retries/],
    ] as const
    for (const [change, text] of wrong) {
      const webhooks = [{ topic: 'a', url: taker.url, secret, role: 'hooks', ...change }]
      try {
        checkConfig(configOf({ bridge: { webhooks } }))
        expect.fail(`taken: ${JSON.stringify(change)}`)
      } catch (error) {
        expect(error).instanceOf(ConfigError)
        expect((error as Error).message).match(text)
        expect((error as Error).message).not.contain('plain-secret')
      }
    }
  })

  describe('that are not taken', () => {
    let clock: FakeClock
    let counters: Counters
    let webhook: Webhook
    const terms = { secret, timeout: 1000, retries: 2, queue: 3 }
    const open = (changes: object = {}) => {
      clock = new FakeClock()
      counters = new Counters()
      const house = { clock, log: errorLog(), counters }
      webhook = new Webhook(house, { ...terms, url: taker.url, ...changes })
    }
    const came = (count: number) => eventually('posts', () => taker.received.length === count)
    const bodies = () => taker.received.map(({ body }) => body)

    beforeEach(() => open())
    afterEach(() => webhook.close())

    it('are sent again, later and later, and keep their order', async () => {
      taker.statuses = [500, 429]
      webhook.push('1', 'one')
      webhook.push('2', 'two')
      await came(1)
      await pause(20)
      clock.pass(999)
      await pause(20)
      expect(taker.received).length(1)
      clock.pass(1)
      await came(2)
      await pause(20)
      clock.pass(2000)
      await came(4)
      expect(bodies()).deep.equal(['one', 'one', 'one', 'two'])
      await eventually('counts', () => counters.all().webhooks_sent === 2)
      expect(counters.all().webhooks_given_up).equal(0)
    })

    it('are given up after all retries, or at once where it is no use', async () => {
      taker.statuses = [503, 503, 503, 404, 302]
      for (const body of ['one', 'two', 'three']) webhook.push(body, body)
      await came(1)
      for (const wait of [1000, 2000]) {
        await pause(20)
        clock.pass(wait)
      }
      await came(5)
      expect(bodies()).deep.equal(['one', 'one', 'one', 'two', 'three'])
      await eventually('counts', () => counters.all().webhooks_given_up === 3)
    })

    it('are given up where too many wait', async () => {
      taker.isSilent = true
      for (let i = 0; i < 5; i++) webhook.push(String(i), 'x')
      await came(1)
      expect(counters.all().webhooks_given_up).equal(2)
    })

    it('wait for an answer for a time only', async () => {
      open({ retries: 0 })
      taker.isSilent = true
      webhook.push('1', 'one')
      await came(1)
      clock.pass(1000)
      await eventually('counts', () => counters.all().webhooks_given_up === 1)
    })

    it('do not mind that nobody is there', async () => {
      open({ url: 'http://127.0.0.1:9/', retries: 0 })
      webhook.push('1', 'one')
      await eventually('counts', () => counters.all().webhooks_given_up === 1)
    })
  })
})
