import { expect } from 'chai'
import { craSecret } from '../../../src/auth/secrets.ts'
import type { ConfigInput } from '../../../src/config/schema.ts'
import { createRouter, type Router } from '../../../src/router.ts'
import {
  connect,
  eventually,
  hangUp,
  member,
  pause,
  type RawClient,
} from '../../helpers/raw-client.ts'
import { http } from '../../helpers/raw-socket.ts'
import { TRANSPORTS } from '../../helpers/transports.ts'
import { frameOf, overTcp, overWebSocket, type StompClient } from './stomp-client.ts'

type Options = NonNullable<NonNullable<ConfigInput['transports']>[number]['options']>

/** TCP has a port of its own, beside one on `ws`. */
type Backend = 'uws' | 'ws' | 'tcp'

/** The first result of a call. */
async function result(client: RawClient, procedure: string, ...args: unknown[]) {
  const [, , , results] = await client.ask([48, 1, {}, procedure, args])
  // biome-ignore lint/suspicious/noExplicitAny: each procedure has results of its own
  return (results as any[])[0]
}

async function config(backend: Backend, options: Options = {}, stomp: object = {}) {
  const salted = await craSecret('a password of sal', 10)
  const all = { publish: true, subscribe: true, call: true, register: true }
  const role = (name: string) => ({
    name,
    permissions: [
      { uri: '', match: 'prefix' as const, allow: all },
      { uri: 'wamp.', match: 'prefix' as const, allow: { call: true } },
      { uri: 'secret.', match: 'prefix' as const, allow: {} },
    ],
  })
  return {
    realms: ['realm1', 'realm2', 'realm3'].map(name => ({
      name,
      roles: [role('guest'), role('user')],
    })),
    authenticators: {
      guests: { anonymous: { role: 'guest' } },
      tickets: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
      passwords: {
        wampcra: {
          principals: {
            ann: { secret: 'a password of ann', role: 'user' },
            sal: { ...salted, role: 'user' },
          },
        },
      },
    },
    transports: [
      {
        id: 'web',
        type: 'web' as const,
        endpoint: { port: 0 },
        auth: ['guests', 'tickets', 'passwords'],
        paths: {
          '/ws': { websocket: {} },
          '/stomp': { stomp: { realms: ['realm1', 'realm2'], ...stomp } },
          '/passwords': { stomp: { auth: ['passwords'], realm: 'realm2' } },
        },
        options: { backend: backend === 'tcp' ? ('ws' as const) : backend, ...options },
      },
      ...(backend === 'tcp'
        ? [
            {
              id: 'tcp',
              type: 'stomp' as const,
              endpoint: { port: 0 },
              auth: ['guests', 'tickets', 'passwords'],
              realms: ['realm1', 'realm2'],
              options,
            },
          ]
        : []),
    ],
  }
}

for (const backend of [...TRANSPORTS, 'tcp'] as Backend[]) {
  describe(`STOMP over ${backend === 'tcp' ? 'TCP' : `WebSocket, ${backend}`}`, () => {
    let router: Router
    let port: number
    let tcpPort: number | undefined
    /** TCP ends without a code. */
    const code = (code: number) => (backend === 'tcp' ? 0 : code)
    const clients: (StompClient | RawClient)[] = []

    const start = async (options: Options = {}, stomp: object = {}) => {
      router = createRouter(await config(backend, options, stomp))
      const listening = await router.start()
      port = listening[0]?.port ?? 0
      tcpPort = listening[1]?.port
    }
    const opened = async (protocols?: string[], path = '/stomp') => {
      const client =
        tcpPort !== undefined && path === '/stomp'
          ? overTcp(tcpPort)
          : await overWebSocket(`ws://127.0.0.1:${port}${path}`, protocols)
      clients.push(client)
      return client
    }
    const stomp = async (headers: Record<string, string> = {}) => {
      const client = await opened()
      await client.connect(headers)
      return client
    }
    const wamp = async () => {
      const client = await member(`ws://127.0.0.1:${port}/ws`)
      clients.push(client)
      return client
    }

    afterEach(async () => {
      hangUp()
      await Promise.all(clients.splice(0).map(client => client.closed))
      await router.close()
    })

    describe('connecting', () => {
      beforeEach(() => start())

      it('settles version, heart-beats and session', async () => {
        const client = await opened(['v12.stomp', 'v11.stomp'])
        const { headers } = await client.connect({ 'accept-version': '1.0,1.1,1.2,2.0' })
        expect(headers).include({ version: '1.2', 'heart-beat': '1000,10000', server: 'wampd' })
        const one = await wamp()
        const session = await result(one, 'wamp.session.get', Number(headers.session))
        expect(session.transport).equal(undefined)
        expect(session.session).equal(Number(headers.session))
      })

      it('speaks the highest version in common, and 1.0 where none is named', async () => {
        for (const [accept, version] of [
          ['1.1', '1.1'],
          ['1.1, 1.0', '1.1'],
          ['1.0', '1.0'],
        ] as const) {
          const client = await opened()
          expect((await client.connect({ 'accept-version': accept })).headers.version).equal(
            version,
          )
        }
        const client = await opened(['v10.stomp'])
        expect((await client.ask('CONNECT', { host: ' realm1 ' })).headers.version).equal('1.0')
        const stomp = await opened()
        const answer = await stomp.ask('STOMP', { 'accept-version': '1.2', host: 'realm1' })
        expect(answer.command).equal('CONNECTED')
      })

      it('refuses versions that it does not speak, and names its own', async () => {
        const client = await opened()
        const { command, headers } = await client.ask('CONNECT', { 'accept-version': '2.0' })
        expect(command).equal('ERROR')
        expect(headers.version).equal('1.2,1.1,1.0')
        expect((await client.closed).code).equal(code(1002))
      })

      it('takes the realm of the header host, or the default of the path', async () => {
        const realmOf = async (path: string, host: Record<string, string>) => {
          const client = await opened(undefined, path)
          const { command, headers } = await client.ask('CONNECT', {
            'accept-version': '1.2',
            ...(path === '/passwords' ? { login: 'ann', passcode: 'a password of ann' } : {}),
            ...host,
          })
          if (command === 'ERROR') return headers.error
          for (const realm of ['realm1', 'realm2', 'realm3']) {
            const one = await member(`ws://127.0.0.1:${port}/ws`, 'wamp.2.json', realm)
            clients.push(one)
            const list = await one.ask([48, 1, {}, 'wamp.session.list'])
            if ((list[3] as number[][])[0]?.includes(Number(headers.session))) return realm
          }
          return 'none'
        }
        expect(await realmOf('/stomp', { host: 'realm2' })).equal('realm2')
        expect(await realmOf('/stomp', { host: 'realm3' })).equal('wamp.error.no_such_realm')
        expect(await realmOf('/stomp', { host: 'example.com' })).equal('wamp.error.no_such_realm')
        expect(await realmOf('/stomp', {})).equal('wamp.error.no_such_realm')
        expect(await realmOf('/passwords', { host: 'realm1' })).equal('realm1')
        expect(await realmOf('/passwords', { host: 'example.com' })).equal('realm2')
        expect(await realmOf('/passwords', {})).equal('realm2')
      })

      it('lets clients prove themselves by login and passcode', async () => {
        const whoIs = async (path: string, headers: Record<string, string>) => {
          const client = await opened(undefined, path)
          const answer = await client.ask('CONNECT', {
            'accept-version': '1.2',
            host: 'realm1',
            ...headers,
          })
          if (answer.command === 'ERROR') {
            await client.closed
            return answer.headers.error
          }
          const one = await wamp()
          const id = Number(answer.headers.session)
          const session = await result(one, 'wamp.session.get', id)
          return `${session.authid} ${session.authmethod}`
        }
        const [joe, ann, sal] = ['joe', 'ann', 'sal'].map(login => ({ login }))
        const denied = 'wamp.error.authentication_denied'
        expect(await whoIs('/stomp', { ...joe, passcode: 'a secret of joe' })).equal('joe ticket')
        expect(await whoIs('/stomp', { ...joe, passcode: 'wrong' })).equal(denied)
        expect(await whoIs('/stomp', { ...joe })).equal(denied)
        expect(await whoIs('/stomp', { login: 'zoe', passcode: 'a secret of joe' })).equal(denied)
        expect(await whoIs('/passwords', { ...ann, passcode: 'a password of ann' })).equal(
          'ann wampcra',
        )
        expect(await whoIs('/passwords', { ...sal, passcode: 'a password of sal' })).equal(
          'sal wampcra',
        )
        expect(await whoIs('/passwords', { ...sal, passcode: 'a password of ann' })).equal(denied)
        const insisting = { ...ann, passcode: 'a password of ann', authmethod: 'wampcra' }
        expect(await whoIs('/stomp', insisting)).equal('ann wampcra')
        expect(await whoIs('/passwords', {})).equal('wamp.error.no_matching_auth_method')
        expect(await whoIs('/stomp', {})).match(/ anonymous$/)
      })

      it('takes frames that come with CONNECT, once it is settled', async () => {
        const one = await wamp()
        await one.ask([32, 1, {}, 'com.foo'])
        const client = await opened()
        client.wire.send(
          Buffer.concat([
            frameOf('CONNECT', { 'accept-version': '1.2', host: 'realm1' }),
            frameOf('SEND', { destination: 'com.foo' }, 'early'),
            frameOf('DISCONNECT', { receipt: 'end' }),
          ]),
        )
        expect((await client.next()).command).equal('CONNECTED')
        expect(await client.next()).include({ command: 'RECEIPT' })
        expect((await client.closed).code).equal(code(1000))
        expect((await one.next())[4]).deep.equal(['early'])
      })

      it('refuses what is not CONNECT, comes twice, or is too large before CONNECTED', async () => {
        const client = await opened()
        client.send('SEND', { destination: 'com.foo' })
        expect(await client.refusal()).match(/^wamp.error.protocol_violation: CONNECT is awaited/)
        const twice = await stomp()
        twice.send('CONNECT', { 'accept-version': '1.2', host: 'realm1', receipt: 'r' })
        const { headers } = await twice.next()
        expect(headers).include({ error: 'wamp.error.protocol_violation', 'receipt-id': 'r' })
        const large = await opened()
        large.send('CONNECT', { a: 'b'.repeat(70_000) })
        expect(await large.refusal()).contain('at most 65536 bytes')
        const bodied = await opened()
        bodied.send('CONNECT', {}, 'b'.repeat(2000))
        expect(await bodied.refusal()).contain('at most 1024 bytes')
        const odd = await opened()
        odd.send('CONNECT', { 'accept-version': '1.2', host: 'realm1', 'heart-beat': 'x' })
        expect(await odd.refusal()).contain('heart-beat')
        expect(router.status().counters?.protocol_violations ?? 5).equal(5)
      })

      if (backend !== 'tcp')
        it('shows people a page, and refuses other subprotocols', async () => {
          const page = await http(
            port,
            'GET /stomp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
          )
          expect(page?.status).equal(200)
          const posted = await http(
            port,
            'POST /stomp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
          )
          expect(posted?.status).equal(backend === 'uws' ? 404 : 405)
          const refused = await opened(['wamp.2.json']).catch(error => String(error))
          expect(refused).contain('400')
        })
    })

    describe('publishing and subscribing', () => {
      beforeEach(() => start())

      it('goes from STOMP to WAMP, each kind of body in its way', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await one.ask([32, 1, {}, 'com.foo'])
        const heard = async (headers: Record<string, string>, body: string | Uint8Array) => {
          client.send('SEND', { destination: '/topic/com.foo', ...headers }, body)
          return (await one.next()).slice(3)
        }
        const json = { 'content-type': 'application/json' }
        expect(await heard({}, 'hello')).deep.equal([{}, ['hello']])
        expect(await heard(json, '[1,{"a":2}]')).deep.equal([{}, [1, { a: 2 }]])
        expect(await heard(json, '{"a":2}')).deep.equal([{}, [], { a: 2 }])
        expect(await heard(json, '{"args":[1],"kwargs":{"a":2}}')).deep.equal([{}, [1], { a: 2 }])
        expect(await heard({ 'content-type': 'text/plain' }, 'ü')).deep.equal([{}, ['ü']])
        const image = { 'content-type': 'image/png' }
        expect(await heard(image, Buffer.from([0, 1, 255]))).deep.equal([
          { _headers: image },
          ['\0AAH/'],
        ])
        expect(await heard({}, Buffer.from([255, 1]))).deep.equal([{}, ['\0/wE=']])
        expect(await heard({}, '')).deep.equal([{}])
      })

      it('goes from WAMP to STOMP', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 's1', destination: '/topic/com.foo', receipt: 'r' })
        const heard = async (...payload: unknown[]) => {
          one.send([16, 1, {}, 'com.foo', ...payload])
          const { command, headers, body, binary } = await client.next()
          expect(command).equal('MESSAGE')
          expect(headers).include({ subscription: 's1', destination: '/topic/com.foo' })
          expect(headers.publication).match(/^\d+$/)
          expect(headers.ack).equal(undefined)
          return [headers['content-type'], body, binary]
        }
        expect(await heard(['hello'])).deep.equal(['text/plain; charset=utf-8', 'hello', false])
        expect(await heard([1, 2], { a: 3 })).deep.equal([
          'application/json',
          '{"args":[1,2],"kwargs":{"a":3}}',
          false,
        ])
        expect(await heard([], { a: 3 })).deep.equal(['application/json', '{"a":3}', false])
        expect(await heard(['\0YWI='])).deep.equal([
          'application/octet-stream',
          'ab',
          backend !== 'tcp',
        ])
        expect(await heard()).deep.equal([undefined, '', false])
      })

      it("goes from STOMP to STOMP with the sender's own headers and type, to the sender too", async () => {
        const [client, other] = [await stomp(), await stomp({ 'accept-version': '1.1' })]
        for (const one of [client, other]) {
          await one.ask('SUBSCRIBE', { id: '0', destination: 'com.foo', receipt: 'r' })
        }
        const own = { 'x\\cy': 'a\\nb', 'reply-to': '/anything', 'content-type': 'text/html' }
        client.send('SEND', { destination: '/topic/com.foo', receipt: 'r1', ...own }, '<b>')
        const ids = new Set<string | undefined>()
        for (const one of [client, other]) {
          const { headers, body } = await one.next()
          expect(body).equal('<b>')
          expect(headers).include({ 'reply-to': '/anything', 'content-type': 'text/html' })
          expect(headers).include({ destination: 'com.foo', subscription: '0' })
          expect(Object.values(headers)).include('a\nb')
          expect(headers.receipt).equal(undefined)
          ids.add(headers['message-id'])
        }
        expect(await client.next()).include({ command: 'RECEIPT' })
      })

      it('keeps headers of WAMP clients from taking the place of those of the frame', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: '0', destination: 'com.foo', receipt: 'r' })
        const forged = {
          subscription: 'x',
          'message-id': 'x',
          destination: 'x',
          'content-length': '0',
        }
        const _headers = { ...forged, number: 1, list: [], 'two\nlines': 'a\nb:c' }
        one.send([16, 1, { _headers }, 'com.foo', ['body']])
        const { headers, body } = await client.next()
        expect(body).equal('body')
        expect(headers).include({ subscription: '0', destination: 'com.foo', number: '1' })
        expect(headers).not.have.property('list')
        expect(headers['two\\nlines']).equal('a\nb:c')
        one.send([16, 1, { _headers: 'none' }, 'com.foo', ['body']])
        expect((await client.next()).body).equal('body')
      })

      it('has patterns in the words of STOMP brokers, and in those of WAMP', async () => {
        const [client, one] = [await stomp(), await wamp()]
        const patterns: [Record<string, string>, string[]][] = [
          [{ destination: '/topic/com.foo.#' }, ['com.foo.a', 'com.foo.a.b']],
          [{ destination: '/topic/com.foo.>' }, ['com.foo.a', 'com.foo.a.b']],
          [{ destination: '/topic/com.*.a' }, ['com.foo.a', 'com.bar.a']],
          [{ destination: '/topic/com..a' }, ['com.foo.a', 'com.bar.a']],
          [{ destination: '/topic/com.fo', match: 'prefix' }, ['com.foo.a', 'com.foo.a.b']],
          [{ destination: 'com..a', match: 'wildcard' }, ['com.foo.a', 'com.bar.a']],
          [{ destination: 'com.foo.a', match: 'exact' }, ['com.foo.a']],
          [{ destination: '/topic/com.bar.a' }, ['com.bar.a']],
          [{ destination: '/topic/#' }, ['com.foo.a', 'com.foo.a.b', 'com.bar.a']],
        ]
        for (const [headers, topics] of patterns) {
          await client.ask('SUBSCRIBE', { id: '0', receipt: 'r', ...headers })
          for (const topic of ['com.foo.a', 'com.foo.a.b', 'com.bar.a']) {
            await one.ask([16, 1, { acknowledge: true }, topic])
          }
          const prefix = headers.destination?.startsWith('/') ? '/topic/' : ''
          for (const topic of topics) {
            expect((await client.next()).headers.destination).equal(prefix + topic)
          }
          expect((await client.ask('UNSUBSCRIBE', { id: '0', receipt: 'u' })).headers).include({
            'receipt-id': 'u',
          })
        }
      })

      it('gives each of several subscriptions for a topic its message, until it ends', async () => {
        const [client, one] = [await stomp(), await wamp()]
        client.send('SUBSCRIBE', { id: 'a', destination: 'com.foo' })
        client.send('SUBSCRIBE', { id: 'b', destination: '/topic/com.foo' })
        await client.ask('SUBSCRIBE', { id: 'c', destination: 'com.foo', receipt: 'r' })
        const heard = async () => {
          await one.ask([16, 1, { acknowledge: true }, 'com.foo'])
          client.send('BEGIN', { transaction: 't', receipt: 'mark' })
          client.send('ABORT', { transaction: 't' })
          const ids = []
          for (;;) {
            const { command, headers } = await client.next()
            if (command === 'RECEIPT') return ids.join('')
            ids.push(headers.subscription)
          }
        }
        expect(await heard()).equal('abc')
        await client.ask('UNSUBSCRIBE', { id: 'b', receipt: 'r' })
        expect(await heard()).equal('ac')
        client.send('UNSUBSCRIBE', { id: 'a' })
        await client.ask('UNSUBSCRIBE', { id: 'c', receipt: 'r' })
        expect(await heard()).equal('')
        const count = await one.ask([48, 1, {}, 'wamp.subscription.lookup', ['com.foo']])
        expect(count[3]).deep.equal([null])
        // One that is given up before it is there, and one that takes its place at once.
        client.send('SUBSCRIBE', { id: 'd', destination: 'com.foo' })
        client.send('UNSUBSCRIBE', { id: 'd' })
        client.send('SUBSCRIBE', { id: 'd', destination: 'com.foo' })
        client.send('UNSUBSCRIBE', { id: 'd' })
        client.send('SUBSCRIBE', { id: 'e', destination: 'com.foo' })
        await client.ask('BEGIN', { transaction: 't', receipt: 'r' })
        client.send('ABORT', { transaction: 't' })
        await one.ask([48, 1, {}, 'wamp.subscription.lookup', ['com.foo']])
        expect(await heard()).equal('e')
      })

      it('gives a client 100 subscriptions for a topic, and ids of 1,024 characters', async () => {
        const destination = '/topic/a'
        const client = await stomp()
        for (let i = 0; i < 100; i++) client.send('SUBSCRIBE', { id: String(i), destination })
        client.send('SEND', { destination }, 'x')
        for (let i = 0; i < 100; i++) expect((await client.next()).body).equal('x')
        client.send('SUBSCRIBE', { id: '100', destination })
        expect(await client.refusal()).match(/^wampd.error.limit_exceeded: .* 100 subscriptions of/)
        for (const headers of [
          { id: 'i'.repeat(1025), destination },
          { id: '1', destination: `/temp-queue/${'q'.repeat(1025)}` },
        ]) {
          const other = await stomp()
          other.send('SUBSCRIBE', headers)
          expect(await other.refusal()).contain('at most 1024 characters')
        }
      })

      it('gives a subscription up and leaves in one go', async () => {
        const client = await stomp()
        client.wire.send(
          Buffer.concat([
            frameOf('SUBSCRIBE', { id: '1', destination: 'a.b' }),
            frameOf('UNSUBSCRIBE', { id: '1' }),
            frameOf('DISCONNECT', { receipt: 'r' }),
          ]),
        )
        expect((await client.next()).command).equal('RECEIPT')
      })

      it('bears that an administrator takes a subscription away', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 'a', destination: 'com.foo', receipt: 'r' })
        const id = await result(one, 'wamp.subscription.lookup', 'com.foo')
        const listed = await one.ask([48, 1, {}, 'wamp.subscription.list_subscribers', [id]])
        const [session] = (listed[3] as number[][])[0] as number[]
        await one.ask([48, 1, {}, 'wamp.subscription.remove_subscriber', [id, session]])
        expect((await client.ask('UNSUBSCRIBE', { id: 'a', receipt: 'u' })).command).equal(
          'RECEIPT',
        )
        await client.ask('SUBSCRIBE', { id: 'a', destination: 'com.foo', receipt: 'r' })
        one.send([16, 1, {}, 'com.foo', ['again']])
        expect((await client.next()).body).equal('again')
      })

      it('subscribes in 1.0 without an id', async () => {
        const [client, one] = [await stomp({ 'accept-version': '1.0' }), await wamp()]
        await client.ask('SUBSCRIBE', { destination: ' /topic/com.foo', receipt: ' r ' }, 'ignored')
        one.send([16, 1, {}, 'com.foo', ['a']])
        const { headers } = await client.next()
        expect(headers).not.have.property('subscription')
        expect(headers.destination).equal('/topic/com.foo')
        await client.ask('UNSUBSCRIBE', { destination: '/topic/com.foo', receipt: 'r' })
      })
    })

    describe('receipts and refusals', () => {
      beforeEach(() => start())

      it('come for every frame, when it is done', async () => {
        const client = await stomp()
        const frames: [string, Record<string, string>][] = [
          ['SEND', { destination: 'com.foo' }],
          ['SUBSCRIBE', { id: '1', destination: 'com.foo' }],
          ['BEGIN', { transaction: 't' }],
          ['SEND', { destination: 'com.bar', transaction: 't' }],
          ['COMMIT', { transaction: 't' }],
          ['BEGIN', { transaction: 't' }],
          ['ABORT', { transaction: 't' }],
          ['UNSUBSCRIBE', { id: '1' }],
          ['SUBSCRIBE', { id: '1', destination: '/temp-queue/a' }],
          ['UNSUBSCRIBE', { id: '1' }],
          ['DISCONNECT', {}],
        ]
        for (const [n, [command, headers]] of frames.entries()) {
          const answer = await client.ask(command, { ...headers, receipt: `r\\c${n}` })
          expect(answer.command, command).equal('RECEIPT')
          expect(answer.headers['receipt-id']).equal(`r:${n}`)
        }
        expect((await client.closed).code).equal(code(1000))
      })

      const refused: [string, Record<string, string>, string, string][] = [
        ['SEND', { destination: 'secret.a' }, '', 'wamp.error.not_authorized'],
        ['SUBSCRIBE', { id: '1', destination: 'secret.a' }, '', 'wamp.error.not_authorized'],
        ['SEND', { destination: 'a b' }, '', 'wamp.error.invalid_uri'],
        ['SEND', { destination: '/topic/' }, '', 'wamp.error.invalid_uri'],
        [
          'SEND',
          { destination: '/queue/a' },
          '',
          'wamp.error.invalid_argument: there are no queues',
        ],
        ['SEND', { destination: '/app/a' }, '', 'wamp.error.invalid_argument: a destination is'],
        [
          'SEND',
          { destination: '/temp-queue/a' },
          '',
          'wamp.error.invalid_argument: nobody can send',
        ],
        [
          'SEND',
          { destination: '/call/a' },
          '',
          'wamp.error.protocol_violation: SEND has no header reply-to',
        ],
        [
          'SEND',
          { destination: '/call/a', 'reply-to': '/topic/a' },
          '',
          'wamp.error.invalid_argument: reply-to',
        ],
        [
          'SEND',
          { destination: '/call/a', 'reply-to': '/temp-queue/a', timeout: '-1' },
          '',
          'wamp.error.invalid_argument: timeout',
        ],
        ['SEND', {}, '', 'wamp.error.protocol_violation: SEND has no header destination'],
        [
          'SEND',
          { destination: 'a', 'content-type': 'application/json' },
          '{',
          'wamp.error.invalid_argument: the body is no sound JSON',
        ],
        [
          'SEND',
          { destination: 'a', transaction: 't' },
          '',
          'wamp.error.invalid_argument: no transaction t',
        ],
        [
          'SUBSCRIBE',
          { id: '1' },
          '',
          'wamp.error.protocol_violation: SUBSCRIBE has no header destination',
        ],
        [
          'SUBSCRIBE',
          { destination: 'a' },
          '',
          'wamp.error.protocol_violation: SUBSCRIBE has no header id',
        ],
        [
          'SUBSCRIBE',
          { id: '1', destination: 'a', ack: 'x' },
          '',
          'wamp.error.invalid_argument: ack',
        ],
        [
          'SUBSCRIBE',
          { id: '1', destination: 'a', match: 'x' },
          '',
          'wamp.error.invalid_argument: match',
        ],
        [
          'SUBSCRIBE',
          { id: '1', destination: 'a.*.#' },
          '',
          'wamp.error.invalid_argument: a pattern',
        ],
        [
          'SUBSCRIBE',
          { id: '1', destination: '/call/a' },
          '',
          'wamp.error.invalid_argument: STOMP clients cannot',
        ],
        [
          'SUBSCRIBE',
          { id: '1', destination: '/queue/a' },
          '',
          'wamp.error.invalid_argument: there are no queues',
        ],
        [
          'UNSUBSCRIBE',
          { id: '1' },
          '',
          'wamp.error.invalid_argument: there is no subscription of this id 1',
        ],
        ['ACK', { id: '1' }, '', 'wamp.error.invalid_argument: no message of this id'],
        ['NACK', { id: '1-1' }, '', 'wamp.error.invalid_argument: no message of this id'],
        ['ACK', {}, '', 'wamp.error.protocol_violation: ACK has no header id'],
        ['BEGIN', {}, '', 'wamp.error.protocol_violation: BEGIN has no header transaction'],
        ['COMMIT', { transaction: 't' }, '', 'wamp.error.invalid_argument: no transaction t'],
        ['ABORT', { transaction: 't' }, '', 'wamp.error.invalid_argument: no transaction t'],
        [
          'BEGIN',
          { transaction: 't' },
          'body',
          'wamp.error.protocol_violation: BEGIN: only SEND has a body',
        ],
        ['send', { destination: 'a' }, '', 'wamp.error.protocol_violation: "send" is no frame'],
        [
          'MESSAGE',
          { destination: 'a' },
          '',
          'wamp.error.protocol_violation: "MESSAGE" is no frame',
        ],
        [
          'SEND',
          { destination: 'a\\x' },
          '',
          'wamp.error.protocol_violation: "a\\\\x" has an escape',
        ],
      ]
      for (const [command, headers, body, why] of refused) {
        it(`${command} ${JSON.stringify(headers)} ${body} is answered with ${why}`, async () => {
          const client = await stomp()
          client.send(command, { receipt: 'r', ...headers }, body)
          const error = await client.next()
          expect(error.command).equal('ERROR')
          expect(error.headers.message).contain(why)
          expect(error.headers.error).equal(why.split(':')[0])
          // A head that cannot be read has no receipt.
          if (!why.includes('escape')) expect(error.headers['receipt-id']).equal('r')
          expect(await client.nextOrEnd()).equal(null)
        })
      }

      it('come to a SEND without a receipt too, and what was done before is receipted', async () => {
        const client = await stomp()
        client.wire.send(
          Buffer.concat([
            frameOf('SEND', { destination: 'com.foo', receipt: 'r1' }),
            frameOf('SEND', { destination: 'secret.foo' }),
          ]),
        )
        expect((await client.next()).headers['receipt-id']).equal('r1')
        expect(await client.refusal()).match(/^wamp.error.not_authorized/)
        const other = await stomp()
        other.wire.send(
          Buffer.concat([frameOf('SEND', { destination: 'com.foo', receipt: 'r1' }), frameOf('x')]),
        )
        expect((await other.next()).headers['receipt-id']).equal('r1')
        expect(await other.refusal()).contain('"x" is no frame')
      })

      it('are told in a subscription twice of one id', async () => {
        const client = await stomp()
        await client.ask('SUBSCRIBE', { id: '1', destination: 'a', receipt: 'r' })
        client.send('SUBSCRIBE', { id: '1', destination: 'b' })
        expect(await client.refusal()).contain('there is a subscription of this id 1 already')
      })

      it('have no NACK in 1.0, and a subscription for each ACK in 1.1', async () => {
        const old = await stomp({ 'accept-version': '1.0' })
        old.send('NACK', { 'message-id': '1-1' })
        expect(await old.refusal()).contain('"NACK" is no frame')
        const client = await stomp({ 'accept-version': '1.1' })
        client.send('ACK', { 'message-id': '1-1' })
        expect(await client.refusal()).contain('ACK has no header subscription')
      })
    })

    describe('calls', () => {
      beforeEach(() => start())

      it('are answered at the temp-queue that reply-to names', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await one.ask([64, 1, {}, 'com.add'])
        const call = { destination: '/call/com.add', 'content-type': 'application/json' }
        const reply = { 'reply-to': '/temp-queue/answers', 'correlation-id': 'c1' }
        client.send('SEND', { ...call, ...reply, receipt: 'r' }, '[1,2]')
        const [, request, , , args] = await one.next()
        expect(args).deep.equal([1, 2])
        one.send([70, request, {}, [3]])
        const answer = await client.next()
        expect(answer).include({ command: 'MESSAGE', body: '[3]' })
        expect(answer.headers).include({
          destination: '/temp-queue/answers',
          subscription: '/temp-queue/answers',
          'correlation-id': 'c1',
        })
        expect(answer.headers).not.have.property('error')
        expect((await client.next()).headers).include({ 'receipt-id': 'r' })

        // Who has subscribed gets it under that id.
        await client.ask('SUBSCRIBE', { id: 'q', destination: '/temp-queue/answers', receipt: 'r' })
        client.send('SEND', { ...call, ...reply }, '[1,2]')
        const [, next] = await one.next()
        one.send([8, 68, next, {}, 'com.error.bad', ['too bad']])
        const failure = await client.next()
        expect(failure.headers).include({ subscription: 'q', error: 'com.error.bad' })
        expect(failure.body).equal('too bad')
        client.send('SEND', { ...call, ...reply, destination: '/call/com.none' })
        const none = await client.next()
        expect(none.headers.error).equal('wamp.error.no_such_procedure')
        client.send('SEND', { ...call, ...reply, destination: '/call/secret.none' })
        expect((await client.next()).headers.error).equal('wamp.error.not_authorized')
        // None of that has ended the session.
        await client.ask('BEGIN', { transaction: 't', receipt: 'r' })
      })

      it('have several answers where progress is asked for, and may be cut off', async () => {
        const client = await stomp()
        const one = await connect(`ws://127.0.0.1:${port}/ws`)
        clients.push(one)
        const features = { progressive_call_results: true }
        await one.join('realm1', { roles: { callee: { features } } })
        await one.ask([64, 1, {}, 'com.slow'])
        const call = { destination: '/call/com.slow', 'reply-to': '/temp-queue/a' }
        client.send('SEND', { ...call, progress: 'true', receipt: 'r' })
        const [, request, , details] = await one.next()
        expect(details).include({ receive_progress: true })
        one.send([70, request, { progress: true }, ['part']])
        one.send([70, request, {}, ['whole']])
        expect(await client.next()).nested.include({ body: 'part', 'headers.progress': 'true' })
        const last = await client.next()
        expect(last.body).equal('whole')
        expect(last.headers).not.have.property('progress')
        expect((await client.next()).command).equal('RECEIPT')
        client.send('SEND', { ...call, timeout: '20' })
        expect((await client.next()).headers.error).match(/wamp.error.(timeout|canceled)/)
      })
    })

    describe('ACK and NACK', () => {
      beforeEach(() => start())

      const message = async (client: StompClient) => (await client.next()).headers

      it('answer one message, or all up to it', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 'c', destination: 'all', ack: 'client', receipt: 'r' })
        await client.ask('SUBSCRIBE', {
          ...{ id: 'i', destination: 'each', ack: 'client-individual', receipt: 'r' },
        })
        const three = async (topic: string) => {
          const acks: string[] = []
          for (let i = 0; i < 3; i++) {
            one.send([16, 1, {}, topic])
            const headers = await message(client)
            expect(headers.ack).equal(headers['message-id'])
            acks.push(headers.ack as string)
          }
          return acks as [string, string, string]
        }
        const [first, second, third] = await three('all')
        await client.ask('ACK', { id: second, receipt: 'r' })
        await client.ask('NACK', { id: third, receipt: 'r' })
        const [a, b, c] = await three('each')
        await client.ask('ACK', { id: b, receipt: 'r' })
        await client.ask('NACK', { id: a, receipt: 'r' })
        // What is of a subscription that has ended is no fault.
        await client.ask('UNSUBSCRIBE', { id: 'i', receipt: 'r' })
        await client.ask('ACK', { id: c, receipt: 'r' })
        client.send('ACK', { id: first })
        expect(await client.refusal()).contain('no message of this id waits')
      })

      it('name the message in 1.1 and 1.0', async () => {
        const one = await wamp()
        for (const version of ['1.1', '1.0']) {
          const client = await stomp({ 'accept-version': version })
          const ids = version === '1.1' ? { id: 's' } : {}
          await client.ask('SUBSCRIBE', { ...ids, destination: 'a', ack: 'client', receipt: 'r' })
          one.send([16, 1, {}, 'a'])
          const headers = await message(client)
          const ack = { 'message-id': headers['message-id'] as string, subscription: 's' }
          expect((await client.ask('ACK', { ...ack, receipt: 'r' })).command).equal('RECEIPT')
        }
      })

      it('are not owed in mode auto', async () => {
        const [client, one] = [await stomp({ 'accept-version': '1.1' }), await wamp()]
        await client.ask('SUBSCRIBE', { id: 's', destination: 'a', receipt: 'r' })
        one.send([16, 1, {}, 'a'])
        const headers = await message(client)
        const ack = { 'message-id': headers['message-id'] as string, subscription: 's' }
        expect((await client.ask('ACK', { ...ack, receipt: 'r' })).command).equal('RECEIPT')
      })

      it('wait in a transaction', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 's', destination: 'a', ack: 'client', receipt: 'r' })
        one.send([16, 1, {}, 'a'])
        const { ack } = await message(client)
        for (const end of ['ABORT', 'COMMIT']) {
          client.send('BEGIN', { transaction: 't' })
          client.send('ACK', { id: ack as string, transaction: 't' })
          expect((await client.ask(end, { transaction: 't', receipt: 'r' })).command).equal(
            'RECEIPT',
          )
        }
        client.send('ACK', { id: ack as string })
        expect(await client.refusal()).contain('no message of this id waits')
      })

      it('may be owed for 10,000 messages', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 's', destination: 'a', ack: 'client', receipt: 'r' })
        for (let i = 0; i < 10_001; i++) one.send([16, 1, {}, 'a'])
        for (let i = 0; i < 10_000; i++) expect((await client.next()).command).equal('MESSAGE')
        expect(await client.refusal()).match(
          /^wampd.error.limit_exceeded: over 10000 messages wait/,
        )
      })
    })

    describe('transactions', () => {
      beforeEach(() => start())

      it('send nothing before COMMIT, then all in order', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await one.ask([32, 1, {}, 'com.foo'])
        const send = (body: string, transaction?: string) =>
          client.send(
            'SEND',
            { destination: 'com.foo', ...(transaction === undefined ? {} : { transaction }) },
            body,
          )
        client.send('BEGIN', { transaction: 't1' })
        client.send('BEGIN', { transaction: 't2' })
        client.send('BEGIN', { transaction: 't3' })
        send('t1 a', 't1')
        send('t2 a', 't2')
        send('t3 a', 't3')
        send('none')
        send('t1 b', 't1')
        client.send('ABORT', { transaction: 't2' })
        expect((await one.next())[4]).deep.equal(['none'])
        expect((await client.ask('COMMIT', { transaction: 't1', receipt: 'r' })).command).equal(
          'RECEIPT',
        )
        expect((await one.next())[4]).deep.equal(['t1 a'])
        expect((await one.next())[4]).deep.equal(['t1 b'])
        client.send('DISCONNECT')
        await client.closed
        one.send([16, 1, { exclude_me: false }, 'com.foo', ['last']])
        expect((await one.next())[4]).deep.equal(['last'])
      })

      it('end with the connection where a frame of theirs is wrong, and nothing is sent', async () => {
        const [client, one] = [await stomp(), await wamp()]
        await one.ask([32, 1, {}, 'com.foo'])
        client.send('BEGIN', { transaction: 't' })
        client.send('SEND', { destination: 'com.foo', transaction: 't' }, 'lost')
        const json = { 'content-type': 'application/json' }
        client.send('SEND', { destination: 'com.foo', transaction: 't', ...json }, '{')
        expect(await client.refusal()).contain('no sound JSON')
        one.send([16, 1, { exclude_me: false }, 'com.foo', ['last']])
        expect((await one.next())[4]).deep.equal(['last'])
      })

      it('say where COMMIT is refused', async () => {
        const client = await stomp()
        client.send('BEGIN', { transaction: 't' })
        client.send('SEND', { destination: 'secret.foo', transaction: 't' })
        const error = await client.ask('COMMIT', { transaction: 't', receipt: 'c' })
        expect(error.headers).include({ error: 'wamp.error.not_authorized', 'receipt-id': 'c' })
      })

      it('begin once, and hold as much as a message', async () => {
        const client = await stomp()
        client.send('BEGIN', { transaction: 't' })
        client.send('BEGIN', { transaction: 't' })
        expect(await client.refusal()).contain('the transaction t has begun already')
        const large = await stomp()
        large.send('BEGIN', { transaction: 't' })
        for (let i = 0; i < 3; i++) {
          large.send('SEND', { destination: 'a', transaction: 't' }, 'a'.repeat(400_000))
        }
        expect(await large.refusal()).match(/^wampd.error.limit_exceeded: transactions may hold/)
        const many = await stomp()
        const lines = Array.from({ length: 3000 }, (_, i) =>
          frameOf('BEGIN', { transaction: `${i}` }),
        )
        many.wire.send(Buffer.concat(lines))
        expect(await many.refusal()).contain('transactions may hold')
      })
    })

    describe('the life of a connection', () => {
      it('has heart-beats of the router, and ends where those of the client stay away', async () => {
        await start({ auto_ping_interval: 100 })
        const client = await stomp({ 'heart-beat': '100,100' })
        await eventually('heart-beats', () => client.beats >= 3)
        expect((await client.closed).code).equal(code(1006))
        expect(router.status().counters.dead_peers).equal(1)
        const beating = await stomp({ 'heart-beat': '100,0' })
        for (let i = 0; i < 12; i++) {
          beating.wire.send('\n')
          await pause(50)
        }
        expect(beating.beats).equal(0)
        expect((await beating.ask('BEGIN', { transaction: 't', receipt: 'r' })).command).equal(
          'RECEIPT',
        )
        // Who promises none is asked by WebSocket, and lives.
        const silent = await stomp()
        await pause(500)
        expect((await silent.ask('BEGIN', { transaction: 't', receipt: 'r' })).command).equal(
          'RECEIPT',
        )
      })

      it('ends by the meta API with the reason in ERROR', async () => {
        await start()
        const client = await opened()
        const { headers } = await client.connect()
        const one = await wamp()
        const reason = { reason: 'com.reason', message: 'bye' }
        await one.ask([48, 1, {}, 'wamp.session.kill', [Number(headers.session)], reason])
        expect(await client.refusal()).equal('com.reason: bye')
        const list = await one.ask([48, 2, {}, 'wamp.session.count'])
        expect(list[3]).deep.equal([1])
      })

      it('ends with the router, for good or to come back', async () => {
        await start()
        const client = await stomp()
        const drained = router.drain({ grace: 1000 })
        expect(await client.refusal()).equal('the router restarts')
        expect((await client.closed).code).equal(code(1012))
        await drained
      })

      it('ends in DISCONNECT without a receipt, and when the client just goes', async () => {
        await start()
        const one = await wamp()
        const client = await stomp()
        client.send('DISCONNECT')
        expect(await client.nextOrEnd()).equal(null)
        const other = await stomp()
        // Over TCP it may also end its half.
        if (backend === 'tcp') other.wire.close()
        else other.wire.destroy()
        await other.closed
        for (;;) {
          if ((await result(one, 'wamp.session.count')) === 1) break
          await pause(10)
        }
      })

      it('goes on over a reload, with new rules', async () => {
        await start()
        const client = await stomp()
        const next = await config(backend)
        for (const realm of next.realms) {
          for (const role of realm.roles) role.permissions.splice(2)
        }
        router.reload(next)
        expect((await client.ask('SEND', { destination: 'secret.a', receipt: 'r' })).command).equal(
          'RECEIPT',
        )
        const other = await config(backend)
        if (backend === 'tcp') return
        const [transport] = other.transports
        if (transport !== undefined) {
          transport.paths = { '/ws': { websocket: {} } } as never
        }
        router.reload(other)
        expect((await client.ask('SEND', { destination: 'a', receipt: 'r' })).command).equal(
          'RECEIPT',
        )
        const refused = await opened().catch(error => String(error))
        expect(refused).contain('404')
      })

      it('ends where a message is too large, and where a body is', async () => {
        await start({ max_message_size: 2000 })
        const client = await stomp()
        client.send('SEND', { destination: 'a' }, 'a'.repeat(3000))
        expect(await client.refusal()).match(
          backend === 'tcp' ? /at most 2000 bytes/ : /^wamp.error.payload_size_exceeded/,
        )
        const other = await stomp()
        for (const part of [frameOf('SEND', { destination: 'a' }, 'a'.repeat(3000))]) {
          other.wire.send(part.subarray(0, 1500))
          other.wire.send(part.subarray(1500))
        }
        expect(await other.refusal()).contain('at most 2000 bytes')
      })

      it('goes on where events may be dropped, and hears how many', async () => {
        await start({ send_buffer: { limit: 65_536, policy: 'drop' } })
        const [client, one] = [await stomp(), await wamp()]
        const destination = '/topic/com.example.some.topic'
        await client.ask('SUBSCRIBE', { id: 's', destination, receipt: 'r' })
        client.wire.pause()
        // As frames of STOMP these are about five times as long.
        const dropped = () => router.status().counters.events_dropped ?? 0
        let published = 0
        const publish = () => one.send([16, 1, {}, 'com.example.some.topic', [published++]])
        while (published < 200_000 && dropped() < 1000) {
          for (let i = 0; i < 1000; i++) publish()
          await one.ask([48, 1, {}, 'wamp.session.count'])
        }
        expect(dropped()).least(1000)
        client.wire.resume()
        // The next event after there is room again tells of those before.
        const goingOn = setInterval(publish, 20)
        let missed = 0
        for (let next = 0; missed < dropped(); next++) {
          const { command, headers, body } = await client.next()
          expect(command).equal('MESSAGE')
          missed += Number(headers.missed ?? 0)
          next += Number(headers.missed ?? 0)
          expect(body).equal(`[${next}]`)
        }
        clearInterval(goingOn)
        expect(router.status().counters.too_slow).equal(0)
      })

      it('ends with ERROR behind what waits, where the client reads too slowly', async () => {
        await start({ send_buffer: 100_000 })
        const [client, one] = [await stomp(), await wamp()]
        await client.ask('SUBSCRIBE', { id: 's', destination: 'a', receipt: 'r' })
        const body = 'a'.repeat(50_000)
        client.wire.pause()
        for (let i = 0; i < 400; i++) {
          await one.ask([16, 1, { acknowledge: true }, 'a', [body]])
          if (router.status().counters.too_slow === 1) break
        }
        client.wire.resume()
        for (;;) {
          const frame = await client.next()
          if (frame.command === 'MESSAGE') continue
          expect(frame.command).equal('ERROR')
          expect(frame.headers.message).match(/^too slow: \d+ bytes waited/)
          break
        }
        expect((await client.closed).code).equal(code(1008))
      })
    })
  })
}
