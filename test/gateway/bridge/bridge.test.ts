import { createHash, createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request as sendRequest } from 'node:http'
import { request as sendTlsRequest } from 'node:https'
import { expect } from 'chai'
import { SignJWT } from 'jose'
import { Result } from '../../../src/client/local-session.ts'
import { STATUSES } from '../../../src/gateway/bridge/problem.ts'
import { WampError } from '../../../src/index.ts'
import { createRouter } from '../../../src/router.ts'
import { eventually, hangUp, member, pause } from '../../helpers/raw-client.ts'
import { RawSocket } from '../../helpers/raw-socket.ts'
import { bodyOf, type Changes, CRA_SECRET, configOf, JWT_SECRET, World } from './world.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }

/** The header of a signed request. */
function signature(
  target: string,
  body: string,
  { authid = 'ann', secret = CRA_SECRET, seconds = Math.floor(Date.now() / 1000) } = {},
): Record<string, string> {
  const nonce = randomUUID()
  const hash = createHash('sha256').update(body).digest('hex')
  const text = ['POST', target, seconds, nonce, hash].join('\n')
  const mac = createHmac('sha256', secret).update(text).digest('base64')
  const parts = { authid, timestamp: seconds, nonce, signature: mac }
  const list = Object.entries(parts).map(([name, value]) => `${name}="${value}"`)
  return { Authorization: `WAMP-HMAC-SHA256 ${list.join(', ')}` }
}

const basic = (user: string) => ({
  Authorization: `Basic ${Buffer.from(user).toString('base64')}`,
})

describe('HTTP bridge', () => {
  let world: World
  const start = async (changes?: Changes) => {
    world = await new World(changes).start()
  }

  afterEach(async () => {
    hangUp()
    await world.router.close({ grace: 0 })
    expect(world.errors).deep.equal([])
  })

  describe('publish', () => {
    beforeEach(() => start())

    it('gives each kind of body to subscribers, and the publication to the client', async () => {
      const heard: unknown[] = []
      await world.session.subscribe('a.topic', (args, kwargs, { publication }) =>
        heard.push([args, kwargs, publication]),
      )
      const bodies: [string | Uint8Array, string, unknown[], object][] = [
        ['[1, "zwei"]', 'application/json', [1, 'zwei'], {}],
        ['{"drei": 3}', 'application/json', [], { drei: 3 }],
        ['{"args": [4], "kwargs": {"a": 5}}', 'application/vnd.x+json', [4], { a: 5 }],
        ['viel π', 'text/plain; charset=utf-8', ['viel π'], {}],
        [Buffer.from([0, 255]), 'image/png', [new Uint8Array([0, 255])], {}],
        ['', 'text/plain', [], {}],
      ]
      for (const [body, type, args, kwargs] of bodies) {
        const answer = await world.post('/api/publish/a.topic', body, { 'Content-Type': type })
        expect(answer.status, type).equal(200)
        expect(answer.headers['content-type']).equal('application/json')
        const { publication } = bodyOf(answer)
        await eventually('event', () => heard.length > 0)
        expect(heard.splice(0)).deep.equal([[args, kwargs, publication]])
      }
    })

    it('takes options in the query', async () => {
      const heard: unknown[] = []
      for (const name of ['one', 'two']) {
        const role = name === 'one' ? 'user' : 'hooks'
        const session = world.router.session('realm1', { authrole: role, authid: name })
        await session.subscribe('a', (args, _, { publisher_authrole }) =>
          heard.push([name, args, publisher_authrole]),
        )
      }
      const query = 'eligible_authrole=user&eligible_authrole=guest&disclose_me=true&retain=true'
      expect((await world.json(`/api/publish/a?${query}`, [1])).status).equal(200)
      await world.json('/api/publish/a?exclude_authid=one&exclude=17', [2])
      await eventually('events', () => heard.length === 2)
      expect(heard).deep.equal([
        ['one', [1], 'guest'],
        ['two', [2], undefined],
      ])
    })

    it('takes a form that says all, as other bridges do', async () => {
      const heard: unknown[] = []
      await world.session.subscribe('a.topic', (args, kwargs) => heard.push([args, kwargs]))
      const form = { topic: 'a.topic', args: [1], kwargs: { a: 2 }, options: { retain: true } }
      const { status, value } = await world.json('/api/publish', form)
      expect(status).equal(200)
      expect(value.id).a('number')
      await eventually('event', () => heard.length > 0)
      expect(heard).deep.equal([[[1], { a: 2 }]])
    })

    it('takes URIs in percent encoding', async () => {
      const heard: unknown[] = []
      await world.session.subscribe('ä.b/c', args => heard.push(args))
      expect((await world.json('/api/publish/%C3%A4.b%2Fc', [1])).status).equal(200)
      await eventually('event', () => heard.length > 0)
    })
  })

  describe('call', () => {
    beforeEach(async () => {
      await start()
      await world.session.register('echo', (args, kwargs) => new Result(args, kwargs))
      await world.session.register('who', (_, __, details) => details.caller_authid ?? null)
      await world.session.register('never', (_, __, { signal }) => {
        return new Promise((_, reject) => signal.addEventListener('abort', reject))
      })
      await world.session.register('count', async function* ([most]) {
        for (let i = 1; i < (most as number); i++) yield i
        return most
      })
      await world.session.register('fail', ([uri]) => {
        throw new WampError(String(uri), ['why', 7], { more: true })
      })
    })

    it('answers with the result, by what it is', async () => {
      const results: [unknown, string | undefined, string][] = [
        [['text'], 'text/plain; charset=utf-8', 'text'],
        [[1, 2], 'application/json', '[1,2]'],
        [{ a: 1 }, 'application/json', '{"a":1}'],
        [{ args: [1], kwargs: { a: 1 } }, 'application/json', '{"args":[1],"kwargs":{"a":1}}'],
      ]
      for (const [value, type, body] of results) {
        const answer = await world.json('/api/call/echo', value)
        expect([answer.status, answer.headers['content-type'], answer.body.toString()]).deep.equal([
          200,
          type,
          body,
        ])
      }
      const bytes = await world.post('/api/call/echo', Buffer.from([1, 255]), {
        'Content-Type': 'application/octet-stream',
      })
      expect([...bytes.body]).deep.equal([1, 255])
      expect((await world.post('/api/call/echo')).status).equal(204)
    })

    it('answers in JSON where the client takes nothing else', async () => {
      const answer = await world.json('/api/call/echo', ['text'], { Accept: 'application/json' })
      expect(answer.body.toString()).equal('["text"]')
    })

    it('answers a form with args and kwargs', async () => {
      const { value } = await world.json('/api/call', { procedure: 'echo', args: [1] })
      expect(value).deep.equal({ args: [1], kwargs: {} })
    })

    it('says whose the call is where that is asked for', async () => {
      const anonymous = await world.post('/api/call/who')
      expect(anonymous.body.toString()).equal('[null]')
      const told = await world.post(
        '/api/call/who?disclose_me=true',
        '',
        basic('joe:a secret of joe'),
      )
      expect(told.body.toString()).equal('joe')
    })

    it('gives results as they come, as lines or events', async () => {
      const lines = await world.stream(
        '/api/call/count',
        { ...JSON_TYPE, Accept: 'application/x-ndjson' },
        'POST',
        '[3]',
      )
      expect(lines.answer.headers['content-type']).equal('application/x-ndjson')
      expect(
        (await lines.block())
          .trim()
          .split('\n')
          .map(line => JSON.parse(line)),
      ).deep.equal([{ progress: true, args: [1] }, { progress: true, args: [2] }, { args: [3] }])
      const events = await world.stream(
        '/api/call/count',
        { ...JSON_TYPE, Accept: 'text/event-stream' },
        'POST',
        '[2]',
      )
      expect(await events.data()).deep.equal({ progress: true, args: [1] })
      expect(await events.data()).deep.equal({ args: [2] })
      await events.ended
    })

    it('tells with the status of a call in parts that fails at once', async () => {
      const answer = await world.json('/api/call/fail', ['a.b'], { Accept: 'application/x-ndjson' })
      expect([answer.status, answer.value.error]).deep.equal([422, 'a.b'])
    })

    it('cancels a call whose client has gone', async () => {
      let canceled = 0
      let called = 0
      await world.session.register('slow', (_, __, { signal }) => {
        called++
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            canceled++
            reject(new Error('canceled'))
          }),
        )
      })
      const sent = sendRequest(world.url('/api/call/slow'), { method: 'POST', agent: false })
      sent.on('error', () => {})
      sent.end()
      await eventually('call', () => called === 1)
      sent.destroy()
      await eventually('cancel', () => canceled === 1)
      const stream = sendRequest(world.url('/api/call/slow'), {
        ...{ method: 'POST', agent: false, headers: { Accept: 'text/event-stream' } },
      })
      stream.on('error', () => {})
      stream.end()
      await eventually('call', () => called === 2)
      stream.destroy()
      await eventually('cancel', () => canceled === 2)
    })

    it('tells of failures as problems, with URI, status and what the callee says', async () => {
      const cases: [string, number][] = [
        // Of this one a callee makes another: see docs/rpc.md.
        ...Object.entries(STATUSES).filter(([uri]) => uri !== 'wamp.error.unavailable'),
        ['wamp.error.runtime_error', 500],
        ['com.example.no_money', 422],
      ]
      for (const [uri, status] of cases) {
        const answer = await world.json('/api/call/fail', [uri])
        expect(answer.status, uri).equal(status)
        expect(answer.headers['content-type']).equal('application/problem+json')
        expect(answer.value).include({ type: 'about:blank', status, error: uri, detail: 'why' })
        expect(answer.value.args).deep.equal(['why', 7])
        expect(answer.value.kwargs).deep.equal({ more: true })
      }
    })

    it('tells what the router refuses', async () => {
      const cases: [string, number, string][] = [
        ['/api/call/nobody', 404, 'wamp.error.no_such_procedure'],
        ['/api/call/secret.x', 403, 'wamp.error.not_authorized'],
        ['/api/call/a..b', 400, 'wamp.error.invalid_uri'],
        ['/api/call/never?timeout=20', 504, 'wamp.error.timeout'],
      ]
      for (const [path, status, error] of cases) {
        const answer = await world.post(path)
        expect([answer.status, bodyOf(answer).error], path).deep.equal([status, error])
      }
    })
  })

  describe('authentication', () => {
    beforeEach(async () => {
      await start()
      await world.session.register('who', (_, __, d) => [d.caller_authid, d.caller_authrole])
    })

    const who = async (headers: Record<string, string>, query = '', path = '/api') => {
      const target = `${path}/call/who?disclose_me=true${query}`
      const answer = await world.post(target, '', headers)
      return answer.status === 200 ? bodyOf(answer)[0] : [answer.status, bodyOf(answer).error]
    }
    const signed = (changes = {}) => signature('/api/call/who?disclose_me=true', '', changes)

    it('takes tickets, tokens and passwords', async () => {
      const token = await new SignJWT({ role: 'user' })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('tim')
        .setExpirationTime('1h')
        .sign(Buffer.from(JWT_SECRET))
      expect(await who(basic('joe:a secret of joe'))).deep.equal(['joe', 'user'])
      const bearer = { Authorization: 'Bearer a secret of joe' }
      expect(await who(bearer, '&authid=joe')).deep.equal(['joe', 'user'])
      expect(await who({ Authorization: `Bearer ${token}` })).deep.equal(['tim', 'user'])
      expect(await who(basic(`ann:${CRA_SECRET}`), '', '/users')).deep.equal([401, WRONG])
    })

    it('takes signatures, each once', async () => {
      const header = signed()
      expect(await who(header)).deep.equal(['ann', 'user'])
      expect(await who(signed())).deep.equal(['ann', 'user'])
      expect(await who(header)).deep.equal([401, WRONG])
    })

    it('refuses signatures that are old, of another request, or of a stranger', async () => {
      const now = Math.floor(Date.now() / 1000)
      for (const seconds of [now - 90, now + 90]) {
        expect(await who(signed({ seconds }))).deep.equal([401, WRONG])
      }
      const wrong = [
        signed({ secret: 'another' }),
        signed({ authid: 'joe' }),
        signed({ authid: 'nobody' }),
        signature('/api/call/who', ''),
        signature('/api/call/who?disclose_me=true', 'body'),
      ]
      for (const headers of wrong) expect(await who(headers)).deep.equal([401, WRONG])
      expect(world.router.status().counters.denied_handshakes).equal(wrong.length)
    })

    const WRONG = 'wamp.error.authentication_denied'

    it('refuses what is wrong, and says how to come', async () => {
      const wrong = [
        ...[basic('joe:wrong'), basic('nobody:x'), basic('no colon'), basic('')],
        ...[
          'Bearer',
          'Bearer nonsense',
          'Digest x',
          'nonsense',
          'WAMP-HMAC-SHA256 authid="ann"',
        ].map(text => ({ Authorization: text })),
      ]
      for (const headers of wrong) {
        const answer = await world.post('/api/call/who', '', headers)
        expect(answer.status, headers.Authorization).equal(401)
        expect(answer.headers['www-authenticate']).contain('Bearer realm="realm1"')
        expect(answer.headers['content-type']).equal('application/problem+json')
      }
    })

    it('lets nobody in without credentials where anonymous clients may not', async () => {
      expect(await who({}, '', '/users')).deep.equal([401, 'wamp.error.no_matching_auth_method'])
    })

    it('keeps the session of a client for its next request', async () => {
      const count = async () => (await world.session.call<number>('wamp.session.count')) - 1
      for (let i = 0; i < 5; i++) await who(basic('joe:a secret of joe'))
      await Promise.all([1, 2, 3].map(() => who({})))
      expect(await count()).equal(2)
      const ids = await world.session.call<number[]>('wamp.session.list')
      const kinds = await Promise.all(
        ids.map(async id => {
          const { authid } = await world.session.call<{ authid: string }>('wamp.session.get', [id])
          return authid
        }),
      )
      expect(kinds).include('joe')
    })
  })

  it('takes certificates of clients', async () => {
    const file = (name: string) => `test/fixtures/${name}`
    const tls = { certificate: file('localhost.crt'), key: file('localhost.key') }
    world = new World()
    const router = createRouter({
      ...configOf(),
      authenticators: {
        tls: { tls: { principals: { cid: { common_name: 'client.example', role: 'user' } } } },
      },
      transports: [
        {
          id: 'web',
          type: 'web',
          endpoint: { port: 0 },
          tls: { ...tls, ca: file('client.crt') },
          auth: ['tls'],
          paths: { '/api': { bridge: { realm: 'realm1' } } },
        },
      ],
    })
    try {
      const port = (await router.start())[0]?.port as number
      const session = router.session('realm1')
      await session.register('who', (_, __, { caller_authid }) => [caller_authid])
      const post = (name: string | null) =>
        new Promise<string>((resolve, reject) => {
          const shown = name && {
            cert: readFileSync(file(`${name}.crt`)),
            key: readFileSync(file(`${name}.key`)),
          }
          const options = { method: 'POST', agent: false, rejectUnauthorized: false, ...shown }
          const url = `https://127.0.0.1:${port}/api/call/who?disclose_me=true`
          const sent = sendTlsRequest(url, options, answer => {
            answer.setEncoding('utf8')
            let text = `${answer.statusCode} `
            answer.on('data', more => {
              text += more
            })
            answer.on('end', () => resolve(text))
          })
          sent.on('error', reject)
          sent.end()
        })
      expect(await post('client')).equal('200 [["cid"]]')
      expect(await post('stranger')).match(/^401 /)
      expect(await post(null)).match(/^401 /)
    } finally {
      await router.close({ grace: 0 })
    }
  })

  it('ends kept sessions that nobody uses, and the one used longest ago where there are too many', async () => {
    await start({ bridge: { keep: 60, max_sessions: 1 } })
    const count = async () => (await world.session.call<number>('wamp.session.count')) - 1
    await world.post('/api/publish/a')
    expect(await count()).equal(1)
    await world.post('/api/publish/a', '', basic('joe:a secret of joe'))
    expect(await count()).equal(1)
    for (let i = 0; i < 100 && (await count()) > 0; i++) await pause(10)
    expect(await count()).equal(0)
    expect(world.router.status().connections).equal(0)
  })

  it('is seen in the meta API as http', async () => {
    await start()
    await world.post('/api/publish/a')
    const ids = await world.session.call<number[]>('wamp.session.list')
    const id = ids.find(one => one !== world.session.id)
    const all = world.router.status()
    expect(all.connections).equal(1)
    const facts = await world.session.call<{ transport: object }>('wamp.session.get', [id])
    expect(facts.transport).include({ type: 'http', protocol: 'http' })
  })

  describe('requests that are wrong', () => {
    beforeEach(() => start({ options: { max_message_size: 1024 } }))

    it('get a problem that says what is', async () => {
      const json = 'application/json'
      const cases: [string, string, string, string, number, RegExp][] = [
        ['GET', '/api/publish/a', '', '', 405, /method/],
        ['PUT', '/api/call/a', '', '', 405, /method/],
        ['POST', '/api/subscribe/a', '', '', 405, /method/],
        ['GET', '/api', '', '', 404, /nothing/],
        ['GET', '/api/publish/', '', '', 404, /nothing/],
        ['POST', '/api/other/a', '', '', 404, /nothing/],
        ['POST', '/api/publish/a?nonsense=1', '', '', 400, /nonsense/],
        ['POST', '/api/publish/a?retain=yes', '', '', 400, /retain/],
        ['POST', '/api/publish/a?retain=true&retain=true', '', '', 400, /retain/],
        ['POST', '/api/publish/a?eligible=x', '', '', 400, /eligible/],
        ['POST', '/api/publish/a?__proto__=x', '', '', 400, /__proto__/],
        ['POST', '/api/call/a?timeout=-1', '', '', 400, /timeout/],
        ['POST', '/api/call/a?timeout=99999999999999999', '', '', 400, /timeout/],
        ['POST', '/api/call/a?timeout=%ff', '', '', 400, /query/],
        ['POST', '/api/call/%ff', '', '', 400, /path/],
        ['POST', '/api/publish/a', '{', json, 400, /JSON/],
        ['POST', '/api/publish/a', 'x', 'text/plain; charset=latin1', 400, /charset/],
        ['POST', '/api/publish/a', '['.repeat(400) + ']'.repeat(400), json, 400, /deep|nest/i],
        ['POST', '/api/publish/a', 'x'.repeat(1025), 'text/plain', 413, /1024/],
        ['POST', '/api/publish', 'topic=a', 'application/x-www-form-urlencoded', 415, /json/],
        ['POST', '/api/publish', '{', json, 400, /JSON/],
        ['POST', '/api/publish', '[]', json, 400, /dict/],
        ['POST', '/api/publish', '{}, {}', json, 400, /dict/],
        ['POST', '/api/publish', '', json, 400, /dict/],
        ['POST', '/api/publish', '{"topic": 1}', json, 400, /topic/],
        ['POST', '/api/publish', '{"topic": "a", "args": {}}', json, 400, /args/],
        ['POST', '/api/publish', '{"topic": "a", "kwargs": []}', json, 400, /kwargs/],
        ['POST', '/api/publish', '{"topic": "a", "options": []}', json, 400, /options/],
        ['POST', '/api/publish', '{"topic": "a", "x": 1}', json, 400, /"x"/],
        [
          'POST',
          '/api/publish',
          '{"topic": "a", "options": {"ppt_scheme": "x"}}',
          json,
          400,
          /ppt/,
        ],
        ['POST', '/api/call', '{"topic": "a"}', json, 400, /procedure/],
        ['GET', '/api/subscribe', '', '', 400, /topic/],
        ['GET', '/api/subscribe/a?match=regex', '', '', 400, /match/],
      ]
      for (const [method, path, body, type, status, text] of cases) {
        const headers: Record<string, string> = type === '' ? {} : { 'Content-Type': type }
        const answer = await world.ask(method, path, body, headers)
        expect(answer.status, `${path} ${body}`).equal(status)
        expect(answer.headers['content-type'], path).equal('application/problem+json')
        expect(bodyOf(answer).detail, `${path} ${body}`).match(text)
        if (status === 405) expect(answer.headers.allow).match(/^(GET|POST), OPTIONS$/)
      }
      expect(world.router.status().counters.refused_requests).equal(cases.length)
      expect(world.router.status().counters.protocol_violations).equal(0)
    })

    it('get 406 for an Accept that nothing can meet, and nothing is done', async () => {
      let called = 0
      await world.session.register('a', () => called++)
      const headers = { Accept: 'image/png, application/json;q=0' }
      for (const path of ['/api/call/a', '/api/publish/a']) {
        expect((await world.post(path, '', headers)).status).equal(406)
      }
      expect((await world.ask('GET', '/api/subscribe/a', '', headers)).status).equal(406)
      expect(called).equal(0)
    })

    it('get 415 for a content encoding, and 400 for a Last-Event-ID of another stream', async () => {
      const packed = await world.post('/api/publish/a', 'x', { 'Content-Encoding': 'gzip' })
      expect(packed.status).equal(415)
      for (const id of ['x', '1,2', '99999999999999999999']) {
        const answer = await world.ask('GET', '/api/subscribe/a', '', { 'Last-Event-ID': id })
        expect(answer.status).equal(400)
      }
    })
  })

  it('refuses requests where too many are open', async () => {
    await start({ bridge: { max_requests: 2 } })
    await Promise.all(['a', 'b'].map(topic => world.stream(`/api/subscribe/${topic}`)))
    const answer = await world.post('/api/publish/a')
    expect([answer.status, answer.headers['retry-after']]).deep.equal([503, '1'])
    hangUp()
    await eventually('room', () => world.router.status().connections === 0)
    expect((await world.post('/api/publish/a')).status).equal(200)
  })

  it('refuses requests of an address that has too many, or has failed too often', async () => {
    await start({
      bridge: { max_requests_per_address: 1 },
      options: { max_failures: 1, failure_backoff: '1m' },
      transport: { trusted_proxies: ['127.0.0.1'] },
    })
    const from = (address: string) => ({ 'X-Forwarded-For': address })
    const stream = await world.stream('/api/subscribe/a', from('203.0.113.7'))
    expect((await world.post('/api/publish/a', '', from('203.0.113.7'))).status).equal(429)
    expect((await world.post('/api/publish/a', '', from('203.0.113.8'))).status).equal(200)
    stream.close()
    await eventually('end', () => world.router.status().connections === 1)
    expect((await world.post('/api/publish/a', '', from('203.0.113.7'))).status).equal(200)

    const joe = { ...from('203.0.113.9'), ...basic('joe:wrong') }
    expect((await world.post('/api/publish/a', '', joe)).status).equal(401)
    expect((await world.post('/api/publish/a', '', joe)).status).equal(401)
    const right = { ...from('203.0.113.9'), ...basic('joe:a secret of joe') }
    const answer = await world.post('/api/publish/a', '', right)
    expect([answer.status, bodyOf(answer).error]).deep.equal([429, 'wampd.error.too_many_attempts'])
  })

  it('follows a reload: limits, the realm, and whether there is a bridge', async () => {
    await start()
    const stream = await world.stream('/api/subscribe/a')
    world.router.reload({ ...configOf({ bridge: { max_requests: 1 } }) })
    expect((await world.post('/api/publish/a')).status).equal(503)
    const without = configOf()
    const [web] = without.transports as unknown as [{ paths: Record<string, object> }]
    delete web.paths['/api']
    world.router.reload({ ...without })
    await stream.ended
    expect((await world.post('/api/publish/a')).status).equal(404)
    expect((await world.post('/users/publish/a')).status).equal(401)
  })

  it('takes only pages of origins that may come, and tells browsers so', async () => {
    await start({ transport: { allowed_origins: ['https://app.example'] } })
    const foreign = await world.post('/api/publish/a', '', { Origin: 'https://evil.example' })
    expect(foreign.status).equal(403)
    expect(foreign.headers).not.property('access-control-allow-origin')
    expect(world.router.status().counters.refused_origins).equal(1)
    const own = await world.post('/api/publish/a', '', { Origin: 'https://app.example' })
    expect(own.headers['access-control-allow-origin']).equal('https://app.example')
    const preflight = await world.ask('OPTIONS', '/api/publish/a', '', {
      Origin: 'https://app.example',
      'Access-Control-Request-Headers': 'authorization',
    })
    expect(preflight.status).equal(204)
    expect(preflight.headers).include({
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization',
    })
  })

  it('lets one client break nothing for another that shares its session', async () => {
    await start({ limits: { payload_size: 100 } })
    let finish = (_: unknown) => {}
    await world.session.register('slow', () => new Promise(resolve => (finish = resolve)))
    const waiting = world.post('/api/call/slow')
    await pause(50)
    const deep = '['.repeat(2000) + ']'.repeat(2000)
    expect((await world.post('/api/publish/a', deep, JSON_TYPE)).status).equal(400)
    const large = await world.post('/api/publish/a', 'x'.repeat(200), { 'Content-Type': 'text/x' })
    expect(large.status).equal(413)
    finish('done')
    expect((await waiting).body.toString()).equal('done')
  })

  it('answers those that wait where their session is killed', async () => {
    await start()
    await world.session.register('never', () => new Promise(() => {}))
    const waiting = world.post('/api/call/never')
    await pause(50)
    const ids = await world.session.call<number[]>('wamp.session.list')
    const id = ids.find(one => one !== world.session.id)
    await world.session.call('wamp.session.kill', [id], { reason: 'a.reason', message: 'enough' })
    const answer = await waiting
    expect([answer.status, bodyOf(answer).detail]).deep.equal([503, 'enough'])
    expect((await world.post('/api/publish/a')).status).equal(200)
  })

  it('answers calls that run when the router goes down', async () => {
    await start()
    const callee = await member(`ws://127.0.0.1:${world.port}/ws`)
    await callee.ask([64, 1, {}, 'slow'])
    const waiting = world.post('/api/call/slow')
    const [, request] = await callee.next()
    const closed = world.router.drain({ grace: 2000 })
    await pause(50)
    callee.send([70, request, {}, ['done']])
    expect((await waiting).body.toString()).equal('done')
    await closed
  })

  it('says 408 to a body that does not come, and lets it not wait for ever', async () => {
    await start({ bridge: { max_requests: 1 } })
    const socket = new RawSocket(world.port)
    socket.socket.write('POST /api/publish/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
    await pause(50)
    expect((await world.post('/api/publish/a')).status).equal(503)
    socket.socket.destroy()
    await pause(50)
    expect((await world.post('/api/publish/a')).status).equal(200)
  })
})
