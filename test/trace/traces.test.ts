import { expect } from 'chai'
import Value from 'typebox/value'
import type { ConfigOptions, Router } from '../../src/router.ts'
import { createRouter } from '../../src/router.ts'
import { type Line, type MessageLine, line as schema } from '../../src/trace/line.ts'
import type { LocalClient } from '../helpers/local-client.ts'
import { connectLocally } from '../helpers/local-client.ts'
import { hello } from '../helpers/raw-client.ts'

const REALM = {
  name: 'realm1',
  roles: [
    {
      name: 'guest',
      permissions: [
        {
          uri: '',
          match: 'prefix',
          allow: { call: true, register: true, publish: true, subscribe: true },
        },
      ],
    },
  ],
}

/** A router with its admin endpoint, and who traces it. */
class Scene {
  readonly router: Router
  readonly log: [object, string][] = []
  #url = ''
  #token = ''
  readonly #leaving = new AbortController()

  constructor(keys: ConfigOptions = {}, development = true) {
    const forget = () => {}
    const info = (facts: object, text: string) => this.log.push([facts, text])
    const logger = { error: info, warn: info, info, debug: forget }
    this.router = createRouter({ development, logger, ...keys } as never)
  }

  async start(): Promise<this> {
    const { url, link } = await this.router.serveAdmin({ port: 0 })
    this.#url = url.slice(0, -1)
    this.#token = link.slice(link.indexOf('#') + 1)
    return this
  }

  ask(query: string): Promise<Response> {
    return fetch(`${this.#url}/api/trace?${query}`, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: this.#leaving.signal,
    })
  }

  async trace(query = ''): Promise<Reader> {
    const response = await this.ask(query)
    expect(response.status, await (response.ok ? '' : response.text())).equal(200)
    const reader = new Reader(response)
    expect((await reader.next()).kind).equal('started')
    return reader
  }

  async client(realm = 'realm1', details: object = {}): Promise<LocalClient> {
    const client = await connectLocally(this.router.localWebSocket())
    client.send(hello(realm, details))
    await client.next()
    return client
  }

  async end(): Promise<void> {
    this.#leaving.abort()
    await this.router.close({ grace: 0 })
  }
}

class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #text = ''

  constructor(response: Response) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader()
  }

  async next(): Promise<Line> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = JSON.parse(this.#text.slice(0, end))
        expect([...Value.Errors(schema, line)]).deep.equal([])
        this.#text = this.#text.slice(end + 1)
        return line
      }
      const { value, done } = await this.#reader.read()
      if (done) throw new Error('the trace is over')
      this.#text += Buffer.from(value).toString()
    }
  }

  async take(count: number): Promise<MessageLine[]> {
    const lines: MessageLine[] = []
    while (lines.length < count) lines.push((await this.next()) as MessageLine)
    return lines
  }

  leave(): Promise<void> {
    return this.#reader.cancel()
  }
}

/** The facts of lines that can be foretold. */
const told = ({ direction, type, uri, other, args }: MessageLine) => [
  direction === 'received' ? `> ${type}` : `< ${type}`,
  ...[uri, other, args].filter(fact => fact !== undefined),
]

describe('a trace', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await new Scene().start()
  })
  afterEach(() => scene.end())

  it('shows a call from end to end, with who is at the other one and how long it took', async () => {
    const callee = await scene.client()
    callee.send([64, 1, {}, 'a.add'])
    const [, , registration] = await callee.next()
    const caller = await scene.client()
    const trace = await scene.trace('uri=a.add')
    caller.send([48, 7, {}, 'a.add', [2, 3], { b: 'x' }])
    const [, invocation] = await callee.next()
    callee.send([70, invocation, {}, [5]])
    await caller.next()
    const lines = await trace.take(4)
    const [call, invoked, yielded, result] = lines as [
      MessageLine,
      MessageLine,
      MessageLine,
      MessageLine,
    ]
    const [one, two] = [call.session, invoked.session]
    expect(lines.map(told)).deep.equal([
      ['> CALL', 'a.add', '[2,3]'],
      ['< INVOCATION', 'a.add', one, '[2,3]'],
      ['> YIELD', 'a.add', one, '[5]'],
      ['< RESULT', 'a.add', two, '[5]'],
    ])
    expect(call.kwargs).equal('{"b":"x"}')
    expect(invoked.registration).equal(registration)
    expect(new Set(lines.map(({ exchange }) => exchange)).size).equal(1)
    expect(call.took).equal(undefined)
    expect(yielded.took).within(0, result.took as number)
    expect(call).include({ realm: 'realm1', authrole: 'anonymous', request: 7, kind: 'message' })
    expect(call.bytes).equal(Buffer.byteLength('[48,7,{},"a.add",[2,3],{"b":"x"}]'))
  })

  it('shows a publication with its events, and who published', async () => {
    const subscriber = await scene.client()
    subscriber.send([32, 1, { match: 'prefix' }, 'a.'])
    await subscriber.next()
    const publisher = await scene.client()
    const trace = await scene.trace('uri=a.b&types=publish,event,published')
    publisher.send([16, 1, {}, 'a.c', ['other']])
    publisher.send([16, 2, { acknowledge: true }, 'a.b', ['this']])
    await publisher.next()
    const lines = await trace.take(3)
    const { session } = lines[0] as MessageLine
    expect(lines.map(told)).deep.equal([
      ['> PUBLISH', 'a.b', '["this"]'],
      ['< EVENT', 'a.b', session, '["this"]'],
      ['< PUBLISHED', 'a.b'],
    ])
    expect(lines[1]?.publication).equal(lines[2]?.publication)
    expect(lines[1]?.took).at.least(0)
  })

  it('shows in-process sessions, errors and the refusals of the router', async () => {
    const local = scene.router.session('realm1', { authid: 'local' })
    const trace = await scene.trace('realm=realm1&types=CALL,ERROR')
    const client = await scene.client()
    client.send([48, 1, {}, 'no.such'])
    await client.next()
    await local.call('none.either').catch(() => {})
    const lines = await trace.take(4)
    expect(lines.map(told)).deep.equal([
      ['> CALL', 'no.such'],
      ['< ERROR', 'no.such', '["nobody has registered no.such"]'],
      ['> CALL', 'none.either'],
      ['< ERROR', 'none.either', '["nobody has registered none.either"]'],
    ])
    expect(lines[1]).include({ reason: 'wamp.error.no_such_procedure' })
    expect(lines[2]).include({ authid: 'local', remote: '', bytes: 0 })
  })

  it('shows how sessions begin and end', async () => {
    const trace = await scene.trace('realm=realm9')
    const client = await scene.client('realm9', { authextra: { password: 'abc' } })
    client.send([6, {}, 'wamp.close.close_realm'])
    await client.next()
    const lines = await trace.take(4)
    expect(lines.map(told)).deep.equal([['> HELLO'], ['< WELCOME'], ['> GOODBYE'], ['< GOODBYE']])
    expect(lines[1]?.took).at.least(0)
    expect(lines[3]).include({ session: lines[1]?.session, reason: 'wamp.close.goodbye_and_out' })
    expect(JSON.stringify(lines)).not.contain('abc')
  })

  it('filters by session, authid, role and direction', async () => {
    const [joe, sue] = ['joe', 'sue'].map(authid => scene.router.session('realm1', { authid }))
    const traces = await Promise.all(
      [
        `session=${joe?.id}`,
        'authid=joe',
        'authrole=trusted&direction=received&authid=joe',
        'types=SUBSCRIBED&authid=joe',
      ].map(query => scene.trace(query)),
    )
    await sue?.subscribe('a', () => {})
    await joe?.subscribe('b', () => {})
    const [session, authid, role, types] = await Promise.all(
      traces.map(async (trace, i) => (await trace.take(i < 2 ? 2 : 1)).map(told)),
    )
    const both = [
      ['> SUBSCRIBE', 'b'],
      ['< SUBSCRIBED', 'b'],
    ]
    expect([session, authid, role, types]).deep.equal([both, both, both.slice(0, 1), both.slice(1)])
  })

  it('cuts what is long, and leaves payloads out where that is asked for', async () => {
    const traces = await Promise.all(
      ['payload=short&size=20', 'payload=full', 'payload=none'].map(query => scene.trace(query)),
    )
    const local = scene.router.session('realm1')
    await local.publish('a', ['x'.repeat(5000)], { k: 1 })
    await local.publish('a', ['x'.repeat(2_000_000)])
    const [short, full, none] = await Promise.all(traces.map(trace => trace.take(2)))
    expect(short?.[0]).include({ args: `["${'x'.repeat(18)}`, kwargs: '{"k":1}', cut: true })
    expect(full?.[0]?.args).equal(`["${'x'.repeat(5000)}"]`)
    expect(full?.[1]?.args).match(/^"«2\d{6} bytes»"$/)
    expect(none?.[0]).not.have.any.keys('args', 'kwargs', 'cut')
  })

  it('ends after so many lines, or so much time, and says why', async () => {
    const limited = await scene.trace('limit=2')
    const timed = await scene.trace('duration=20&uri=none')
    const local = scene.router.session('realm1')
    for (let i = 0; i < 5; i++) await local.publish('a', [i])
    expect((await limited.take(2)).map(({ args }) => args)).deep.equal(['[0]', '[1]'])
    expect(await limited.next()).include({ kind: 'ended', why: 'limit' })
    expect(await timed.next()).include({ kind: 'ended', why: 'duration' })
  })

  it('tells of lines beyond the rate', async () => {
    const trace = await scene.trace('rate=3&limit=4')
    const local = scene.router.session('realm1')
    for (let i = 0; i < 10; i++) await local.publish('a', [i])
    await trace.take(3)
    await new Promise(resolve => setTimeout(resolve, 1010))
    await local.publish('a', [10])
    expect(await trace.next()).include({ kind: 'dropped', lines: 7, why: 'rate' })
    expect((await trace.take(1))[0]).include({ args: '[10]' })
  })

  it('drops what a slow reader does not read, and grows no memory with it', async () => {
    const trace = await scene.trace('rate=10000&payload=full')
    const local = scene.router.session('realm1')
    const big = 'x'.repeat(50_000)
    for (let i = 0; i < 2000; i++) {
      await local.publish('a', [big])
      if (i % 100 === 0) await new Promise(setImmediate)
    }
    let [lines, dropped] = [0, 0]
    await local.publish('last')
    for (;;) {
      const line = await trace.next()
      if (line.kind === 'dropped') {
        expect(line.why).equal('reader')
        dropped += line.lines
      } else lines++
      if (lines + dropped >= 2000) break
    }
    expect(dropped).above(1000)
  })

  it('is refused where filters are wrong, or there are too many', async () => {
    for (const [query, text] of [
      ['types=CALL,FOO', 'types: there is no message "FOO"'],
      ['uri=a..b', 'uri is no URI'],
      ['uri=.a&match=prefix', 'uri is no prefix'],
      ['rate=0', 'rate'],
      ['session=x', 'session'],
    ] as const) {
      const answer = await scene.ask(query)
      expect(answer.status, query).equal(400)
      expect(((await answer.json()) as { detail: string }).detail).contain(text)
    }
    const traces = await Promise.all(Array.from({ length: 8 }, () => scene.trace()))
    expect((await scene.ask('')).status).equal(429)
    await traces[0]?.leave()
    while ((await scene.ask('limit=1')).status !== 200) await new Promise(setImmediate)
  })

  it('is logged with its filters, at its beginning and end, and leaves nothing behind', async () => {
    const trace = await scene.trace('authid=joe')
    await trace.leave()
    while (scene.log.length < 2) await new Promise(setImmediate)
    const [begin, end] = scene.log as [[object, string], [object, string]]
    expect(begin[1]).equal('a trace begins')
    expect(begin[0]).include({ authid: 'joe', payload: 'short' })
    expect(end).deep.equal([{ lines: 0, dropped: 0, why: 'the reader has gone' }, 'a trace ends'])
  })
})

describe('what a trace may show', () => {
  const open: Scene[] = []
  afterEach(() => Promise.all(open.splice(0).map(scene => scene.end())))

  async function sceneWith(trace: ConfigOptions['trace']): Promise<Scene> {
    const scene = new Scene({ realms: [REALM], trace } as ConfigOptions, false)
    open.push(scene)
    return scene.start()
  }

  it('is nothing where the configuration forbids it, also from a reload on', async () => {
    const scene = await sceneWith({})
    const trace = await scene.trace()
    scene.router.reload({ realms: [REALM], trace: { enabled: false } } as ConfigOptions)
    expect(await trace.next()).include({ kind: 'ended', why: 'disabled' })
    expect((await scene.ask('')).status).equal(403)
  })

  it('is no payload where it says so', async () => {
    const scene = await sceneWith({ payloads: false })
    const trace = await scene.trace('payload=full')
    await scene.router.session('realm1').publish('a', ['secret thing'])
    expect((await trace.take(1))[0]).not.have.any.keys('args', 'kwargs')
  })

  it('is not what it names: requests, answers and events alike', async () => {
    const scene = await sceneWith({
      redact: [
        { uri: 'pay.', match: 'prefix' },
        { uri: 'user', kwargs: ['mail'] },
        { uri: 'list', args: true },
        { uri: 'elsewhere', realm: 'realm1' },
      ],
    })
    const local = scene.router.session('realm1')
    await local.register('pay.now', ([card]) => `took ${card}`)
    await local.subscribe('user', () => {})
    const trace = await scene.trace('types=CALL,INVOCATION,YIELD,RESULT,PUBLISH,EVENT')
    await local.call('pay.now', ['4711'], { cvc: 123 })
    await local.publish('user', ['joe'], { mail: 'm@x', age: 5 }, { exclude_me: false })
    await local.publish('list', ['4711'], { age: 5 })
    const lines = await trace.take(7)
    const hidden = '"«redacted»"'
    expect(lines.map(({ type, args, kwargs }) => [type, args, kwargs])).deep.equal([
      ['CALL', hidden, hidden],
      ['INVOCATION', hidden, hidden],
      ['YIELD', hidden, undefined],
      ['RESULT', hidden, undefined],
      ['PUBLISH', '["joe"]', '{"mail":"«redacted»","age":5}'],
      ['EVENT', '["joe"]', '{"mail":"«redacted»","age":5}'],
      ['PUBLISH', hidden, '{"age":5}'],
    ])
  })

  it('is not the answer to a request that it has not seen, where anything is hidden', async () => {
    const scene = await sceneWith({ redact: [{ uri: 'pay' }] })
    const local = scene.router.session('realm1')
    let answer: (value: string) => void = () => {}
    await local.register('pay', () => new Promise(resolve => (answer = resolve)))
    const called = local.call('pay')
    await new Promise(setImmediate)
    const trace = await scene.trace('types=RESULT,YIELD')
    answer('4711')
    await called
    const lines = await trace.take(2)
    expect(lines.map(({ type, args }) => [type, args])).deep.equal([
      ['YIELD', '"«redacted»"'],
      ['RESULT', '"«redacted»"'],
    ])
  })

  it('is never a ticket, a signature or what is asked of an authenticator', async () => {
    const scene = new Scene(
      {
        realms: [REALM],
        authenticators: {
          users: { ticket: { principals: { joe: { ticket: 'abcdef', role: 'guest' } } } },
          app: { dynamic: { procedure: 'auth.check', realm: 'realm1', methods: ['ticket'] } },
        },
      } as ConfigOptions,
      false,
    )
    open.push(await scene.start())
    const local = scene.router.session('realm1')
    await local.register('auth.check', () => ({ role: 'guest', extra: { code: 'abcdef' } }))
    const trace = await scene.trace()
    for (const auth of ['users', 'app']) {
      const socket = scene.router.localWebSocket({ auth: [auth] })
      const client = await connectLocally(socket)
      client.send(hello('realm1', { authmethods: ['ticket'], authid: 'joe', ticket: 'abcdef' }))
      expect((await client.next())[0]).equal(4)
      client.send([5, 'abcdef', { nonce: 'abcdef' }])
      expect((await client.next())[0]).equal(2)
      await client.close()
    }
    await local.publish('a', [{ Ticket: 'abcdef', list: [{ password: 'abcdef' }] }])
    let text = ''
    do text += JSON.stringify(await trace.next())
    while (!text.includes('PUBLISH'))
    expect(text).contain('AUTHENTICATE').contain('"INVOCATION"').contain('auth.check')
    expect(text).not.contain('abcdef')
  })
})
