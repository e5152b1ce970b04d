import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { eventually, pause } from '../helpers/raw-client.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client } from './client.ts'
import { jsonKinds } from './kinds.ts'
import { startPython } from './python.ts'
import { type StompFace, type StompMessage, tcpKinds, webKinds } from './stomp-kinds.ts'

const all = { publish: true, subscribe: true, call: true, register: true }

const config = {
  realms: [
    {
      name: 'realm1',
      roles: ['guest', 'user'].map(name => ({
        name,
        permissions: [
          { uri: '', match: 'prefix' as const, allow: all },
          { uri: 'wamp.', match: 'prefix' as const, allow: { call: true } },
          { uri: 'secret.', match: 'prefix' as const, allow: name === 'user' ? all : {} },
        ],
      })),
    },
  ],
  authenticators: {
    guests: { anonymous: { role: 'guest' } },
    users: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
  },
  transports: [
    {
      id: 'web',
      type: 'web' as const,
      endpoint: { port: 0 },
      auth: ['guests', 'users'],
      paths: { '/ws': { websocket: {} }, '/stomp': { stomp: {} } },
      options: { backend: USUAL_TRANSPORT },
    },
    {
      id: 'tcp',
      type: 'stomp' as const,
      endpoint: { port: 0 },
      auth: ['guests', 'users'],
      // stomp.py names no host in 1.0.
      realm: 'realm1',
    },
  ],
}

describe('real clients of STOMP', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  for (const kind of [...webKinds, ...tcpKinds]) {
    describe(kind.name, () => {
      let router: Router
      let port: number
      let wamp: Client
      let stomps: StompFace[] = []

      before(async () => {
        router = createRouter(config)
        const listening = await router.start()
        const [web, tcp] = listening.map(one => one.port)
        port = (tcpKinds.includes(kind) ? tcp : web) ?? 0
        wamp = await (jsonKinds[0] as (typeof jsonKinds)[0]).connect(`ws://127.0.0.1:${web}/ws`)
      })
      afterEach(async () => {
        await Promise.all(stomps.map(one => one.close().catch(() => {})))
        stomps = []
      })
      after(async () => {
        await wamp.close()
        await router.close()
      })

      const stomp = async (...args: [Record<string, string>?, [number, number]?]) => {
        const one = await kind.connect(port, ...args)
        stomps.push(one)
        return one
      }
      /** Subscribes; the list that is given grows with the messages that come. */
      const hear = async (one: StompFace, id: string, headers: Record<string, string>) => {
        const heard: StompMessage[] = []
        await one.subscribe(id, headers, message => heard.push(message))
        return heard
      }

      it('hears what WAMP clients publish, and is heard by them', async () => {
        const one = await stomp()
        const heard = await hear(one, 's', { destination: '/topic/both.ways' })
        const seen: unknown[] = []
        await wamp.subscribe('both.ways', ({ args, kwargs }) => seen.push([args, kwargs]))
        await wamp.publish('both.ways', ['from wamp'], {})
        await wamp.publish('both.ways', [1], { a: 'b' })
        await eventually('messages', () => heard.length === 2)
        expect(heard.map(({ body }) => body.toString())).deep.equal([
          'from wamp',
          '{"args":[1],"kwargs":{"a":"b"}}',
        ])
        const json = { 'content-type': 'application/json' }
        await one.send('SEND', { destination: '/topic/both.ways' }, 'from stomp')
        await one.send('SEND', { destination: '/topic/both.ways', ...json }, '{"a":[1]}')
        await eventually('events', () => seen.length >= 2)
        expect(seen.slice(-2)).deep.equal([
          [['from stomp'], {}],
          [[], { a: [1] }],
        ])
        await wamp.unsubscribe('both.ways')
      })

      it('gets bytes, text and headers of another STOMP client as they were', async () => {
        const [one, other] = [await stomp(), await stomp()]
        const heard = await hear(other, 's', { destination: '/topic/as.is' })
        const bytes = Buffer.from([0, 255, 10, 0, 13])
        const image = { 'content-type': 'image/png', own: 'a header' }
        await one.send('SEND', { destination: '/topic/as.is', ...image }, bytes)
        await one.send('SEND', { destination: '/topic/as.is', 'content-type': 'text/html' }, 'ü')
        await eventually('messages', () => heard.length === 2)
        expect(heard[0]?.body.equals(bytes)).equal(true)
        expect(heard[0]?.headers).include(image)
        expect(heard[1]?.body.toString()).equal('ü')
        expect(heard[1]?.headers['content-type']).equal('text/html')
      })

      it('has patterns, several subscriptions, and UNSUBSCRIBE', async () => {
        const one = await stomp()
        const [wide, wild] = [
          await hear(one, 'wide', { destination: '/topic/pat.#' }),
          await hear(one, 'wild', { destination: '/topic/pat.*.x' }),
        ]
        await wamp.publish('pat.a.x', [], {})
        await wamp.publish('pat.a.y', [], {})
        await eventually('messages', () => wide.length === 2 && wild.length === 1)
        expect(wide[0]?.headers.destination).equal('/topic/pat.a.x')
        await one.send('UNSUBSCRIBE', { id: 'wide' })
        await wamp.publish('pat.b.x', [], {})
        await eventually('a message', () => wild.length === 2)
        expect(wide.length).equal(2)
      })

      it('calls, and gets results, errors and progress', async () => {
        const one = await stomp()
        const answers = await hear(one, 'answers', { destination: '/temp-queue/answers' })
        const call = (name: string, headers = {}, body = '') =>
          one.send(
            'SEND',
            { destination: `/call/${name}`, 'reply-to': '/temp-queue/answers', ...headers },
            body,
          )
        for (const behaviour of ['echo', 'fail', 'count'] as const) {
          await wamp.register(`stomp.${behaviour}`, behaviour)
        }
        await call('stomp.echo', { 'correlation-id': '1' }, 'hello')
        await call('stomp.fail', { 'correlation-id': '2' }, 'oh')
        await call('stomp.none', { 'correlation-id': '3' })
        await call('stomp.count', { 'correlation-id': '4', progress: 'true' })
        await eventually('answers', () => answers.length === 6)
        expect(
          answers.map(({ headers, body }) => [
            headers['correlation-id'],
            headers.error ?? (headers.progress === 'true' ? 'part' : 'result'),
            headers.error === 'wamp.error.no_such_procedure' ? '' : body.toString(),
          ]),
        ).deep.equal([
          ['1', 'result', 'hello'],
          ['2', 'interop.fault', 'oh'],
          ['3', 'wamp.error.no_such_procedure', ''],
          ['4', 'part', '[1]'],
          ['4', 'part', '[2]'],
          ['4', 'result', 'done'],
        ])
        for (const behaviour of ['echo', 'fail', 'count']) {
          await wamp.unregister(`stomp.${behaviour}`)
        }
      })

      it('answers messages by ACK and NACK', async () => {
        const one = await stomp()
        const heard = await hear(one, 's', { destination: '/topic/acked', ack: 'client' })
        for (let i = 0; i < 3; i++) await wamp.publish('acked', [i], {})
        await eventually('messages', () => heard.length === 3)
        await one.answer('ACK', heard[1] as StompMessage)
        if (kind.name.includes('1.0')) await one.answer('ACK', heard[2] as StompMessage)
        else await one.answer('NACK', heard[2] as StompMessage)
      })

      it('sends in transactions', async () => {
        const one = await stomp()
        const heard = await hear(one, 's', { destination: '/topic/in.transaction' })
        const send = (body: string, transaction: object) =>
          one.send('SEND', { destination: '/topic/in.transaction', ...transaction }, body)
        await one.send('BEGIN', { transaction: 't1' })
        await one.send('BEGIN', { transaction: 't2' })
        await send('kept', { transaction: 't1' })
        await send('dropped', { transaction: 't2' })
        await send('first', {})
        await one.send('ABORT', { transaction: 't2' })
        await one.send('COMMIT', { transaction: 't1' })
        await eventually('messages', () => heard.length === 2)
        expect(heard.map(({ body }) => body.toString())).deep.equal(['first', 'kept'])
      })

      it('proves who it is, and may do what its role may', async () => {
        const joe = { login: 'joe', passcode: 'a secret of joe' }
        const user = await stomp(joe)
        await user.send('SEND', { destination: 'secret.topic' })
        const guest = await stomp()
        const refused = await guest.send('SEND', { destination: 'secret.topic' }).catch(String)
        expect(refused).contain('wamp.error.not_authorized')
        expect(await guest.lost).contain('wamp.error.not_authorized')
        const wrong = await stomp({ ...joe, passcode: 'wrong' }).catch(String)
        expect(wrong).contain('wamp.error.authentication_denied')
      })

      it('is ended by the meta API', async () => {
        const one = await stomp()
        const { args } = await wamp.call('wamp.session.list', [], {})
        // A session may not kill itself.
        for (const id of args[0] as number[]) {
          await wamp.call('wamp.session.kill', [id], { reason: 'com.reason' }).catch(() => {})
        }
        expect(await one.lost).contain('com.reason')
      })

      if (!kind.name.includes('1.0')) {
        it('lives on by heart-beats', async function () {
          this.timeout(10_000)
          const one = await stomp({}, [1000, 1000])
          await pause(3500)
          await one.send('SEND', { destination: 'still.here' })
        })
      }
    })
  }
})
