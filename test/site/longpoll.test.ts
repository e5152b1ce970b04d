import { request } from 'node:http'
import { expect } from 'chai'
import fc from 'fast-check'
import { createRouter, type Router } from '../../src/router.ts'
import type { EndpointOptions } from '../../src/site/entrance.ts'
import { errorLog } from '../helpers/error-log.ts'
import { ask, openPoll, pollMember, post } from '../helpers/poll-client.ts'
import { eventually, hangUp, member, PROTOCOLS, pause, within } from '../helpers/raw-client.ts'
import { RawSocket } from '../helpers/raw-socket.ts'
import { webConfig } from '../helpers/web-config.ts'

const LIMIT = 50_000
const ALL = PROTOCOLS.flatMap(name => [name, `${name}.batched`])

/** A router for development with long-poll at /lp and WebSockets at /ws, and their base URLs. */
async function started(
  keys: object = {},
  options: EndpointOptions = {},
): Promise<{ router: Router; base: string; ws: string; port: number; errors: string[] }> {
  const log = errorLog()
  const router = createRouter({ development: true, logger: log })
  const { port } = await router.listen({
    port: 0,
    maxMessageSize: LIMIT,
    ...options,
    paths: { '/lp': { longpoll: keys }, '/ws': { websocket: {} } },
  })
  const base = `http://127.0.0.1:${port}/lp`
  return { router, base, ws: `ws://127.0.0.1:${port}/ws`, port, errors: log.errors }
}

describe('long-poll', () => {
  let router: Router
  let base: string
  let ws: string
  let port: number
  let errors: string[]

  const open = async (keys?: object, options?: EndpointOptions) => {
    ;({ router, base, ws, port, errors } = await started(keys, options))
  }

  afterEach(async () => {
    hangUp()
    await router.close({ grace: 100 })
    expect(errors).deep.equal([])
  })

  const offer = (...protocols: unknown[]) => JSON.stringify({ protocols })

  describe('open', () => {
    beforeEach(() => open())

    it('takes the first of the protocols that it speaks', async () => {
      const { status, headers, body } = await post(
        `${base}/open`,
        offer('wamp.2.flatbuffers', 'wamp.2.cbor.batched', 'wamp.2.json'),
      )
      expect(status).equal(200)
      expect(headers['content-type']).equal('application/json')
      expect(headers['cache-control']).equal('no-store')
      expect(JSON.parse(body.toString())).property('protocol', 'wamp.2.cbor.batched')
    })

    it('gives ids that cannot be guessed', async () => {
      const urls = await Promise.all(Array.from({ length: 20 }, () => openPoll(base)))
      const ids = urls.map(({ url }) => url.slice(base.length + 1))
      expect(new Set(ids)).length(20)
      // 16 bytes in base64url.
      for (const id of ids) expect(id).match(/^[\w-]{22}$/)
    })

    it('does not mind a query', async () => {
      expect((await post(`${base}/open?x=382913`, offer('wamp.2.json'))).status).equal(200)
    })

    it('refuses what is no sound offer, and says what to offer', async () => {
      const bodies = ['', '{', 'null', '7', '[]', '{}', '{"protocols":"wamp.2.json"}']
      for (const body of [...bodies, offer(), offer('mqtt'), offer(1, null, {}, ['wamp.2.json'])]) {
        const answer = await post(`${base}/open`, body)
        expect(answer.status, body).equal(400)
        expect(answer.body.toString()).contain('"wamp.2.json"')
      }
      expect(router.status().connections).equal(0)
      expect(router.status().counters.refused_polls).equal(10)
    })

    it('refuses a body that is too large, though it does not say so', async () => {
      const body = JSON.stringify({ protocols: ['wamp.2.json'], x: 'y'.repeat(20_000) })
      expect((await post(`${base}/open`, body)).status).equal(413)
      const chunked = { 'Transfer-Encoding': 'chunked' }
      expect((await post(`${base}/open`, body, chunked)).status).equal(413)
    })
  })

  describe('requests that are for nothing here', () => {
    beforeEach(() => open())

    it('get 404 for an unknown transport or operation', async () => {
      const { url } = await openPoll(base)
      const wrong = [`${base}/nobody/receive`, `${base}/nobody/send`, `${base}/nobody/close`]
      for (const at of [
        ...wrong,
        `${url}/ping`,
        `${url}/send/x`,
        url,
        `${base}/`,
        `${base}//send`,
      ]) {
        expect((await post(at)).status, at).equal(404)
      }
    })

    it('get 405 for other methods', async () => {
      const { url } = await openPoll(base)
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        for (const at of [`${base}/open`, `${url}/receive`, `${url}/send`]) {
          const { status, headers } = await ask(method, at)
          expect(status).equal(405)
          expect(headers.allow).contain('POST')
        }
      }
    })
  })

  for (const protocol of ALL) {
    describe(`over ${protocol}`, () => {
      beforeEach(() => open())

      it('publications and calls work, with clients of WebSockets', async () => {
        const [client, other] = [await pollMember(base, protocol), await member(ws)]
        const [, , subscription] = await client.ask([32, 1, {}, 'a.topic'])
        await client.ask([64, 2, {}, 'a.procedure'])
        other.send([16, 1, {}, 'a.topic', [1, 'zwei'], { drei: null }])
        const event = await client.next()
        expect([event[0], event[1]]).deep.equal([36, subscription])
        expect(event.slice(3)).deep.equal([{}, [1, 'zwei'], { drei: null }])
        other.send([48, 2, {}, 'a.procedure', ['π']])
        const [, request] = await client.next()
        expect((await client.send([70, request, {}, ['ja', 'π']])).status).equal(204)
        expect(await other.next()).deep.equal([50, 2, {}, ['ja', 'π']])
      })

      it('a poll gives what waits, as its protocol has it', async () => {
        const client = await pollMember(base, protocol)
        await client.ask([32, 1, {}, 'many'])
        const local = router.session('realm1')
        for (let i = 0; i < 5; i++) await local.publish('many', [i])
        await pause(20)
        const { headers, body } = await client.poll()
        const type = { json: 'json', msgpack: 'x-msgpack', cbor: 'cbor' }[
          protocol.split('.')[2] ?? ''
        ]
        expect(headers['content-type']).equal(`application/${type}`)
        expect(client.decode(body)).length(client.isBatched ? 5 : 1)
      })

      it('bytes that are no message are refused, and end the session with ABORT', async () => {
        const client = await pollMember(base, protocol)
        const answer = await post(`${client.url}/send`, Buffer.from('?'))
        expect(answer.status).equal(400)
        const [type, , reason] = await client.next()
        expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
        const { status, body } = await client.poll()
        expect([status, body.toString()]).deep.equal([410, '1002 wamp.error.protocol_violation\n'])
        expect((await client.poll()).status).equal(404)
        expect((await client.send([32, 1, {}, 'a.topic'])).status).equal(404)
      })
    })
  }

  describe('a poll', () => {
    it('is answered as soon as there is a message', async () => {
      await open()
      const client = await pollMember(base)
      await client.ask([32, 1, {}, 'a.topic'])
      const poll = client.poll()
      await pause(50)
      await router.session('realm1').publish('a.topic', ['now'])
      expect(client.decode((await within(1000, 'answer', poll)).body)[0]?.[4]).deep.equal(['now'])
    })

    it('is answered empty when nothing comes in time', async () => {
      await open({ request_timeout: 150 })
      const client = await pollMember(base)
      const before = Date.now()
      const { status, body } = await client.poll()
      expect([status, body.length]).deep.equal([200, 0])
      expect(Date.now() - before).at.least(140)
      await client.ask([32, 1, {}, 'a.topic'])
    })

    it('takes the place of an earlier one, which ends empty', async () => {
      await open()
      const client = await pollMember(base)
      await client.ask([32, 1, {}, 'a.topic'])
      const first = client.poll()
      await pause(30)
      const second = client.poll()
      const { status, body } = await within(1000, 'answer', first)
      expect([status, body.length]).deep.equal([200, 0])
      await router.session('realm1').publish('a.topic', [1])
      expect(client.decode((await second).body)).length(1)
    })

    it('that hangs up before it is answered loses nothing', async () => {
      await open()
      const client = await pollMember(base)
      await client.ask([32, 1, {}, 'a.topic'])
      const socket = new RawSocket(port)
      socket.write(`POST ${new URL(client.url).pathname}/receive HTTP/1.1\r\nHost: a\r\n\r\n`)
      await pause(30)
      await socket.close()
      await pause(30)
      await router.session('realm1').publish('a.topic', ['kept'])
      expect((await client.next())[4]).deep.equal(['kept'])
    })

    it('whose answer breaks off ends the session, as it would have a hole', async () => {
      await open({}, { sendBuffer: 64 << 20, maxMessageSize: 16 << 20 })
      const client = await pollMember(base)
      await client.ask([32, 1, {}, 'a.topic'])
      const socket = new RawSocket(port)
      socket.socket.pause()
      socket.write(`POST ${new URL(client.url).pathname}/receive HTTP/1.1\r\nHost: a\r\n\r\n`)
      await pause(30)
      await router.session('realm1').publish('a.topic', ['x'.repeat(12 << 20)])
      await pause(50)
      expect(router.status().connections).equal(1)
      socket.reset()
      await eventually('the session is over', () => router.status().connections === 0)
      expect((await client.poll()).status).equal(404)
    })

    it('is what a client lives by', async () => {
      await open({ request_timeout: 100, session_timeout: 300 }, { pingInterval: 100 })
      const client = await pollMember(base)
      await client.ask([64, 1, {}, 'of.the.silent'])
      // Ten intervals of pings pass, and two session timeouts.
      for (let i = 0; i < 7; i++) expect((await client.poll()).status).equal(200)
      const other = await member(ws)
      expect((await other.ask([64, 1, {}, 'of.the.silent']))[0]).equal(8)
      await eventually('the client is gone', () => router.status().connections === 1)
      expect((await other.ask([64, 2, {}, 'of.the.silent']))[0]).equal(65)
      expect((await client.poll()).status).equal(404)
      expect(router.status().counters.expired_polls).equal(1)
    })
  })

  describe('send', () => {
    beforeEach(() => open())

    it('takes messages in the order of the requests, whichever body is there first', async () => {
      const client = await pollMember(base)
      const body = client.encode([64, 1, {}, 'taken'])
      const slow = request(`${client.url}/send`, {
        method: 'POST',
        agent: false,
        headers: { 'Content-Length': String(body.length) },
      })
      const answered = new Promise<number>(resolve => {
        slow.on('response', response => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
      })
      slow.write(body.subarray(0, 10))
      await pause(50)
      const quick = client.send([64, 2, {}, 'taken'])
      await pause(50)
      slow.end(body.subarray(10))
      expect([await answered, (await quick).status]).deep.equal([204, 204])
      expect(await client.next()).property('0', 65)
      expect((await client.next()).slice(0, 3)).deep.equal([8, 64, 2])
    })

    it('of a body that breaks off sends nothing, and the next goes on', async () => {
      const client = await pollMember(base)
      const socket = new RawSocket(port)
      const path = new URL(client.url).pathname
      socket.write(`POST ${path}/send HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n[64,1,`)
      await pause(30)
      await socket.close()
      expect((await client.ask([64, 1, {}, 'free']))[0]).equal(65)
    })

    it('of exactly the limit is taken', async () => {
      const client = await pollMember(base)
      const message = JSON.stringify([16, 1, { acknowledge: true }, 'a', ['']])
      const body = message.replace('""', `"${'x'.repeat(LIMIT - message.length)}"`)
      expect((await post(`${client.url}/send`, body)).status).equal(204)
      expect((await client.next())[0]).equal(17)
    })

    for (const chunked of [false, true]) {
      it(`beyond the limit gets 413${chunked ? ' in chunks' : ''} and ends the session, which is told why`, async () => {
        const client = await pollMember(base)
        const poll = client.poll()
        const headers = chunked ? { 'Transfer-Encoding': 'chunked' } : undefined
        const answer = await post(`${client.url}/send`, 'x'.repeat(LIMIT + 1), headers)
        expect(answer.status).equal(413)
        const { status, body } = await poll
        const text = `1009 messages may have at most ${LIMIT} bytes\n`
        expect([status, body.toString()]).deep.equal([410, text])
        expect(router.status().connections).equal(0)
      })
    }

    it('of a body that is compressed gets 415', async () => {
      const client = await pollMember(base)
      const headers = { 'Content-Encoding': 'gzip' }
      expect((await post(`${client.url}/send`, 'x', headers)).status).equal(415)
      expect((await client.ask([64, 1, {}, 'free']))[0]).equal(65)
    })

    it('of text that is not UTF-8 ends the session', async () => {
      const client = await pollMember(base)
      const answer = await post(`${client.url}/send`, Buffer.from('5b22c328225d', 'hex'))
      expect([answer.status, answer.body.toString()]).deep.equal([400, 'not UTF-8\n'])
      expect((await client.poll()).body.toString()).equal('1007 not UTF-8\n')
    })

    it('holds no more than a few messages of a client whose bodies do not come', async () => {
      const client = await pollMember(base)
      const path = new URL(client.url).pathname
      const head = `POST ${path}/send HTTP/1.1\r\nHost: a\r\nContent-Length: ${LIMIT}\r\n\r\n`
      const sockets = Array.from({ length: 25 }, () => new RawSocket(port))
      for (const socket of sockets) socket.write(head)
      await pause(100)
      const answers = await Promise.all(
        sockets.slice(-3).map(socket => Promise.race([socket.answer(), pause(50)])),
      )
      for (const answer of answers) expect(answer).property('status', 429)
    })
  })

  describe('an end', () => {
    it('by close lets a held poll end, and what the session held is free', async () => {
      await open()
      const client = await pollMember(base)
      await client.ask([64, 1, {}, 'of.the.closed'])
      const poll = client.poll()
      await pause(30)
      expect((await client.close()).status).equal(204)
      const { status, body } = await within(1000, 'answer', poll)
      expect([status, body.length]).deep.equal([200, 0])
      const other = await member(ws)
      expect((await other.ask([64, 1, {}, 'of.the.closed']))[0]).equal(65)
      expect((await client.poll()).status).equal(404)
      expect((await client.close()).status, 'again').equal(204)
    })

    it('by GOODBYE of the client is answered', async () => {
      await open()
      const client = await pollMember(base)
      const answer = await client.ask([6, {}, 'wamp.close.close_realm'])
      expect(answer).deep.equal([6, {}, 'wamp.close.goodbye_and_out'])
      expect((await client.join())[0]).equal(2)
    })

    it('by GOODBYE of the router can be fetched, and answered', async () => {
      await open()
      const client = await pollMember(base)
      const closed = router.close({ final: true })
      expect((await client.next()).slice(2)).deep.equal(['wamp.close.system_shutdown'])
      const answer = await client.send([6, {}, 'wamp.close.goodbye_and_out'])
      expect(answer.status).equal(204)
      await closed
    })

    it('of the router ends held polls at once', async () => {
      await open()
      const client = await pollMember(base)
      const poll = client.poll()
      await pause(30)
      const before = Date.now()
      await router.close()
      expect(Date.now() - before).below(1000)
      const { status, body } = await poll
      expect([status, body.toString()]).deep.equal([410, '1012 the router restarts\n'])
    })

    it('of who never polls comes when too much waits', async () => {
      await open({}, { sendBuffer: 20_000 })
      const client = await pollMember(base)
      await client.ask([32, 1, {}, 'flood'])
      const local = router.session('realm1')
      for (let i = 0; i < 10; i++) {
        await local.publish('flood', ['x'.repeat(5000)])
        await pause(5)
      }
      expect(router.status().counters.too_slow).equal(1)
      expect(router.status().realms[0]?.sessions).equal(1)
      // What waited before is still there for it.
      for (let i = 0; i < 3; i++) expect((await client.next())[0]).equal(36)
      expect((await client.poll()).body.toString()).match(/^1008 too slow/)
    })

    it('of too many without a session is told when they open', async () => {
      await open({}, { maxHandshakes: 2 })
      await openPoll(base)
      await openPoll(base)
      const { status, body } = await post(`${base}/open`, offer('wamp.2.json'))
      expect(status).equal(503)
      expect(body.toString()).contain('too many connections')
      expect(router.status().connections).equal(2)
    })

    it('of who sends no HELLO is told by a poll', async () => {
      await open({}, { handshakeTimeout: 50 })
      const client = await openPoll(base)
      const { status, body } = await client.poll()
      expect([status, body.toString()]).deep.equal([410, '1000 no HELLO in time\n'])
    })

    it('by a drain loses no call, of a caller or a callee', async () => {
      await open()
      const [caller, callee] = [await pollMember(base), await pollMember(base)]
      await callee.ask([64, 1, {}, 'slow'])
      await caller.send([48, 1, {}, 'slow', ['x']])
      const result = caller.next()
      const [, invocation] = await callee.next()
      const drained = router.drain({ grace: 5000 })
      await pause(100)
      expect((await post(`${base}/open`, offer('wamp.2.json'))).status).equal(503)
      expect((await callee.send([70, invocation, {}, ['answer']])).status).equal(204)
      expect(await result).deep.equal([50, 1, {}, ['answer']])
      for (const client of [caller, callee]) {
        const { status, body } = await client.poll()
        expect([status, body.toString()]).deep.equal([410, '1012 the router restarts\n'])
      }
      await drained
    })
  })

  describe('pages of browsers', () => {
    const PAGE = { Origin: 'https://app.example' }
    const preflight = (origin: string) =>
      ask('OPTIONS', `${base}/open`, '', {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      })

    it('of an origin that may connect are let in, with credentials', async () => {
      await open({}, { allowedOrigins: ['https://app.example'] })
      const { status, headers } = await preflight('https://app.example')
      expect(status).equal(204)
      expect(headers).include({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type',
        vary: 'Origin',
      })
      const client = await openPoll(base)
      for (const [at, body] of [
        [`${base}/open`, offer('wamp.2.json')],
        [`${client.url}/send`, client.encode([1, 'realm1', { roles: { caller: {} } }])],
        [`${client.url}/receive`],
        [`${client.url}/nothing`],
      ] as [string, string?][]) {
        const answer = await post(at, body, PAGE)
        expect(answer.headers, at).property('access-control-allow-origin', PAGE.Origin)
      }
    })

    it('of other origins are refused, and not told more', async () => {
      await open({}, { allowedOrigins: ['https://app.example'] })
      const client = await pollMember(base)
      const foreign = { Origin: 'https://evil.example' }
      const answers = [
        await preflight('https://evil.example'),
        await post(`${base}/open`, offer('wamp.2.json'), foreign),
        await post(`${client.url}/receive`, '', foreign),
        await post(`${client.url}/send`, client.encode([32, 1, {}, 'a']), foreign),
        await post(`${client.url}/close`, '', foreign),
        await post(`${base}/open`, offer('wamp.2.json'), { Origin: 'null' }),
      ]
      for (const { status, headers } of answers) {
        expect(status).equal(403)
        expect(headers).not.property('access-control-allow-origin')
      }
      expect(router.status().connections).equal(1)
    })

    it('of any origin are let in where that is configured', async () => {
      await open({}, { allowedOrigins: ['*'] })
      const { status, headers } = await preflight('https://any.example')
      expect(status).equal(204)
      expect(headers).property('access-control-allow-origin', 'https://any.example')
    })
  })

  it('ends when its path is no longer served', async () => {
    const config = (path: string) =>
      webConfig({ '/ws': { websocket: {} }, [path]: { longpoll: {} } })
    errors = []
    router = createRouter(config('/lp'))
    const [listening] = await router.start()
    const client = await pollMember(`http://127.0.0.1:${listening?.port}/lp`)
    const poll = client.poll()
    await pause(30)
    router.reload(config('/elsewhere'))
    expect((await poll).body.toString()).equal('1001 nothing is served here any more\n')
    expect((await client.poll()).status).equal(404)
    expect(router.status().connections).equal(0)
  })

  it('is told of in session details', async () => {
    const role = {
      name: 'guest',
      permissions: [
        { uri: 'wampd.session.transport', match: 'exact' as const, allow: { call: true } },
        { uri: 'wamp.', match: 'prefix' as const, allow: { call: true } },
      ],
    }
    errors = []
    router = createRouter({
      realms: [{ name: 'realm1', roles: [role] }],
      authenticators: { guests: { anonymous: { role: 'guest' } } },
      transports: [
        {
          type: 'web',
          endpoint: { port: 0 },
          auth: ['guests'],
          paths: { '/lp': { longpoll: { session_timeout: '20s' } } },
        },
      ],
    })
    const [listening] = await router.start()
    const client = await openPoll(`http://127.0.0.1:${listening?.port}/lp`, 'wamp.2.json.batched')
    const [, id] = await client.join()
    const result = await client.ask([48, 1, {}, 'wamp.session.get', [id]])
    expect((result[3] as { transport: object }[])[0]?.transport).include({
      type: 'longpoll',
      protocol: 'wamp.2.json.batched',
      secure: false,
    })
  })

  it('whatever is requested ends in an answer, and nobody else notices', async () => {
    await open({ request_timeout: 100 })
    const bystander = await pollMember(base)
    const client = await pollMember(base)
    const segment = fc.oneof(
      fc.constantFrom('open', 'receive', 'send', 'close', '', '.', '..', '%00', '%2e%2e', 'x'),
      fc.constant(client.url.slice(base.length + 1)),
      fc.string({ maxLength: 10 }).map(encodeURIComponent),
    )
    const path = fc.array(segment, { maxLength: 4 }).map(all => all.map(one => `/${one}`).join(''))
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      fc.json().map(text => Buffer.from(text)),
      fc.jsonValue().map(value => Buffer.from(JSON.stringify({ protocols: value }))),
      fc.constantFrom('[1,"realm1",{}]', offer('wamp.2.json')).map(text => Buffer.from(text)),
    )
    const headers = fc.record(
      {
        Origin: fc.constantFrom('null', 'http://127.0.0.1', 'x', 'https://evil.example'),
        'Content-Type': fc.constantFrom('text/plain', 'application/json', '/', 'x'.repeat(300)),
        'Content-Encoding': fc.constantFrom('gzip', 'identity'),
        'Transfer-Encoding': fc.constant('chunked'),
      },
      { requiredKeys: [] },
    )
    const method = fc.constantFrom('POST', 'POST', 'POST', 'GET', 'OPTIONS', 'PATCH')
    await fc.assert(
      fc.asyncProperty(method, path, body, headers, async (...[how, where, what, heads]) => {
        const { status } = await within(3000, 'answer', ask(how, base + where, what, heads))
        expect(status).within(200, 429)
      }),
      { numRuns: 200, interruptAfterTimeLimit: 3000 },
    )
    expect((await bystander.ask([64, 1, {}, 'still.there']))[0]).equal(65)
  })
})
