import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import autobahn from 'autobahn'
import { expect } from 'chai'
import { Counters } from '../../src/base/counters.ts'
import { randomId } from '../../src/base/ids.ts'
import { LocalMember } from '../../src/client/local-member.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { type Telemetry, telemetryTo } from '../../src/telemetry/export.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { errorLog } from '../helpers/error-log.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CLIENT = '00f067aa0ba902b7'
const PARENT = `00-${TRACE}-${CLIENT}-01`

/** A log that keeps its lines. */
function logOf() {
  const lines: string[] = []
  const add = (_: object, text: string) => lines.push(text)
  return { lines, error: add, warn: add, info: add, debug: () => {} }
}

describe('spans', () => {
  const terms = { sample_ratio: 1, service_name: 'test', queue: 100, interval: 10 }
  let traffic: Traffic
  let realm: Realm
  let telemetry: Telemetry
  let exporter: InMemorySpanExporter
  let local: LocalMember

  beforeEach(() => watchWith(1))

  function watchWith(sample_ratio: number) {
    traffic = new Traffic()
    const role = unrestricted('tester', 'loose')
    const facts = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false } as const
    realm = new Realm({ ...facts, roles: [role], traffic }, randomId)
    exporter = new InMemorySpanExporter()
    const house = { log: errorLog(), counters: new Counters() }
    telemetry = telemetryTo(exporter, { ...terms, sample_ratio }, house)
    traffic.addWatch(telemetry.watch)
    local = new LocalMember(realm, 5, { authid: 'joe', role }, errorLog())
  }

  /** The spans by name; shutting down empties the exporter, so they are taken when they are sent. */
  async function spans(count: number): Promise<ReadableSpan[]> {
    for (let i = 0; i < 200 && exporter.getFinishedSpans().length < count; i++) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    const found = [...exporter.getFinishedSpans()]
    await telemetry.close()
    return found.sort((a, b) => a.name.localeCompare(b.name))
  }

  it('keep no more of an error URI than what one may have', async () => {
    const error = `com.example.${'x'.repeat(5000)}`
    await local.register('a.failure', () => {
      throw new WampError(error)
    })
    await local.call('a.failure').catch(() => {})
    for (const { attributes, status } of await spans(2)) {
      expect(attributes['error.type']).equal(error.slice(0, 1024))
      expect(status.message).equal(error.slice(0, 1024))
    }
  })

  it('of a call are those of the call and of its invocation, in the trace of the client', async () => {
    let told: unknown
    await local.register('a.add', ([a, b], _, details) => {
      told = details._traceparent
      return (a as number) + (b as number)
    })
    await local.call('a.add', [2, 3], {}, { _traceparent: PARENT, _tracestate: 'x=y' })
    const [call, invocation] = (await spans(2)) as [ReadableSpan, ReadableSpan]
    expect([call.name, call.kind]).deep.equal(['CALL a.add', SpanKind.SERVER])
    expect([invocation.name, invocation.kind]).deep.equal(['INVOCATION a.add', SpanKind.CLIENT])
    expect(call.parentSpanContext).include({ traceId: TRACE, spanId: CLIENT, isRemote: true })
    expect(call.spanContext().traceState?.serialize()).equal('x=y')
    expect(invocation.parentSpanContext?.spanId).equal(call.spanContext().spanId)
    expect(told).equal(`00-${TRACE}-${invocation.spanContext().spanId}-01`)
    expect(call.attributes).deep.equal({
      'rpc.system': 'wamp',
      'rpc.method': 'a.add',
      'wamp.realm': 'realm1',
      'wamp.session': '5',
      'wamp.authrole': 'tester',
    })
    expect(invocation.attributes['wamp.waited_ms']).within(0, 1000)
    expect(call.status.code).equal(SpanStatusCode.UNSET)
    expect(call.resource.attributes['service.name']).equal('test')
  })

  it('of a call that fails have the URI of the error', async () => {
    await local.call('nobody.has').catch(() => {})
    const [call] = (await spans(1)) as [ReadableSpan]
    expect(call.attributes['error.type']).equal('wamp.error.no_such_procedure')
    expect(call.status).deep.equal({
      code: SpanStatusCode.ERROR,
      message: 'wamp.error.no_such_procedure',
    })
    expect(call.parentSpanContext).equal(undefined)
  })

  it('end when the caller goes, and when a call is cut short', async () => {
    await local.register('a.wait', () => new Promise(() => {}))
    const role = unrestricted('tester', 'loose')
    const caller = new LocalMember(realm, 6, { authid: 'sue', role }, errorLog())
    const calls = [caller.call('a.wait'), local.call('a.wait', [], {}, { timeout: 20 })]
    caller.close()
    await Promise.allSettled(calls)
    const found = await spans(4)
    expect(found.map(({ name, attributes }) => [name, attributes['wamp.caller_gone']])).deep.equal([
      ['CALL a.wait', true],
      ['CALL a.wait', undefined],
      ['INVOCATION a.wait', true],
      ['INVOCATION a.wait', undefined],
    ])
    expect(found[1]?.attributes['error.type']).equal('wamp.error.timeout')
  })

  it('of a publication tell how many get it, who are told of the span', async () => {
    const told: unknown[] = []
    await local.subscribe('a.topic', (_, __, details) => told.push(details._traceparent))
    await local.subscribe('a.', (_, __, details) => told.push(details._traceparent), {
      match: 'prefix',
    })
    await local.publish('a.topic', ['secret'], {}, { exclude_me: false, _traceparent: PARENT })
    const [span] = (await spans(1)) as [ReadableSpan]
    expect([span.name, span.kind]).deep.equal(['PUBLISH a.topic', SpanKind.PRODUCER])
    expect(span.attributes).include({
      'messaging.system': 'wamp',
      'messaging.destination.name': 'a.topic',
      'wamp.receivers': 2,
      'wamp.realm': 'realm1',
    })
    expect(JSON.stringify(span.attributes)).not.contain('secret')
    const own = `00-${TRACE}-${span.spanContext().spanId}-01`
    expect(told).deep.equal([own, own])
  })

  it('are made of none but what a client wants where the ratio is 0; the trace goes on all the same', async () => {
    await telemetry.close()
    watchWith(0)
    const told: unknown[] = []
    await local.register('a.p', (_, __, { _traceparent }) => told.push(_traceparent) && null)
    await local.call('a.p')
    await local.call('a.p', [], {}, { _traceparent: PARENT })
    await local.call('a.p', [], {}, { _traceparent: `${PARENT.slice(0, -1)}0` })
    const found = await spans(2)
    expect(found.map(({ name }) => name)).deep.equal(['CALL a.p', 'INVOCATION a.p'])
    expect(told.map(parent => String(parent).slice(-2))).deep.equal(['00', '01', '00'])
    expect(String(told[2])).contain(TRACE)
  })

  it('are lost, counted and told of once, when too many wait', async () => {
    const [log, counters] = [logOf(), new Counters()]
    const never = { export() {}, shutdown: () => Promise.resolve() }
    const stuck = telemetryTo(never, { ...terms, queue: 5 }, { log, counters })
    traffic.addWatch(stuck.watch)
    for (let i = 0; i < 10; i++) await local.call('nobody.has').catch(() => {})
    expect(counters.all().spans_lost).equal(5)
    expect(log.lines).deep.equal(['tracing: spans are lost'])
    traffic.removeWatch(stuck.watch)
    await telemetry.close()
  })
})

interface Posted {
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly spans: { name: string; traceId: string; spanId: string; parentSpanId?: string }[]
}

describe('tracing to a collector', () => {
  let collector: Server
  let endpoint: string
  let posted: Posted[] = []
  let status = 200
  const routers: Router[] = []

  beforeEach(async () => {
    posted = []
    status = 200
    collector = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const [{ scopeSpans }] = JSON.parse(text).resourceSpans
      const { authorization } = request.headers
      posted.push({ url: request.url, authorization, spans: scopeSpans[0].spans })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
    await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
    endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  })

  afterEach(async () => {
    await Promise.all(routers.splice(0).map(router => router.close({ grace: 0 })))
    collector.closeAllConnections()
    await new Promise(resolve => collector.close(resolve))
  })

  function routerWith(tracing: object, log = logOf()): Router {
    const keys = { development: true, logger: log, tracing: { interval: 20, ...tracing } } as never
    const router = createRouter(keys)
    routers.push(router)
    return router
  }

  const sent = () => posted.flatMap(({ spans }) => spans)

  async function until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 500 && !isSo(); i++) await new Promise(resolve => setTimeout(resolve, 10))
    expect(isSo()).equal(true)
  }

  it('posts spans, with the headers that it wants, and what waits when the router ends', async () => {
    const headers = { authorization: 'Bearer abc' }
    const router = routerWith({ otlp: { endpoint, headers }, interval: 60_000 })
    await router.listen({ port: 0, transport: 'ws' })
    await router
      .session('realm1')
      .call('no.such')
      .catch(() => {})
    await router.close()
    expect(posted).have.length(1)
    expect(posted[0]).include({ url: '/v1/traces', authorization: 'Bearer abc' })
    expect(sent().map(({ name }) => name)).deep.equal(['CALL no.such'])
  })

  it('carries the trace of Autobahn|JS to a callee', async () => {
    const router = routerWith({ otlp: { endpoint } })
    const { url } = await router.listen({ port: 0, transport: 'ws' })
    let told: unknown
    await router.session('realm1').register('a.p', (_, __, { _traceparent }) => {
      told = _traceparent
    })
    const connection = new autobahn.Connection({ url, realm: 'realm1', max_retries: 0 })
    connection.onclose = () => true
    await new Promise<void>((resolve, reject) => {
      connection.onopen = session => {
        session.call('a.p', [], {}, { _traceparent: PARENT } as never).then(() => resolve(), reject)
      }
      connection.open()
    })
    connection.close()
    await until(() => sent().length === 2)
    const [call, invocation] = sent().sort((a, b) => a.name.localeCompare(b.name))
    expect(call).include({ traceId: TRACE, parentSpanId: CLIENT })
    expect(told).equal(`00-${TRACE}-${invocation?.spanId}-01`)
  })

  it('carries the trace of an HTTP request into WAMP, with tracing and without', async () => {
    for (const tracing of [{ tracing: { interval: 20, otlp: { endpoint } } }, {}]) {
      const router = createRouter({ development: true, logger: logOf(), ...tracing } as never)
      routers.push(router)
      const paths = { '/': { bridge: { realm: 'realm1' } } } as never
      const { url } = await router.listen({ port: 0, transport: 'ws', paths })
      let told: unknown
      await router.session('realm1').register('a.p', (_, __, { _traceparent }) => {
        told = _traceparent
      })
      const base = url.replace(/^ws/, 'http').replace(/\/$/, '')
      const response = await fetch(`${base}/call/a.p`, {
        method: 'POST',
        headers: { traceparent: PARENT },
      })
      expect(response.ok, await response.text()).equal(true)
      expect(String(told).slice(0, 36)).equal(PARENT.slice(0, 36))
      expect(told === PARENT).equal(!('tracing' in tracing))
    }
  })

  it('does without a collector, counts what is lost, and says so once', async () => {
    const log = logOf()
    status = 400
    const router = routerWith({ otlp: { endpoint, timeout: 100 } }, log)
    await router.listen({ port: 0, transport: 'ws' })
    const session = router.session('realm1')
    for (let round = 1; round <= 2; round++) {
      await session.call('no.such').catch(() => {})
      await until(() => router.status().counters.spans_lost === round)
    }
    expect(log.lines.filter(line => line.startsWith('tracing'))).deep.equal([
      'tracing: spans are lost',
    ])
    status = 200
    await session.call('no.such').catch(() => {})
    await until(() => log.lines.includes('tracing: spans are taken again'))
  })

  it('is not waited for by a router that ends', async () => {
    const router = routerWith({ otlp: { endpoint: 'http://127.0.0.1:1', timeout: '20s' } })
    await router.listen({ port: 0, transport: 'ws' })
    await router
      .session('realm1')
      .call('no.such')
      .catch(() => {})
    const begin = Date.now()
    await router.close({ grace: 0 })
    expect(Date.now() - begin).below(5000)
  })
})
