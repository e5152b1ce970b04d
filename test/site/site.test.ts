import { expect } from 'chai'
import type { ConfigInput } from '../../src/config/schema.ts'
import { createRouter, type Router } from '../../src/router.ts'
import type { House } from '../../src/site/entrance.ts'
import { PortSite } from '../../src/site/site.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { pollMember } from '../helpers/poll-client.ts'
import { connect, hangUp, hello, within } from '../helpers/raw-client.ts'
import { handshake, http, RawSocket } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

type Paths = NonNullable<NonNullable<ConfigInput['transports']>[number]['paths']>

const STAFF = { websocket: { auth: ['users'] } }

const role = (name: string) => ({
  name,
  permissions: [{ uri: '', match: 'prefix' as const, allow: { subscribe: true } }],
})

/** A configuration with one port that serves these paths. */
function config(backend: 'uws' | 'ws', paths: Paths) {
  return {
    realms: ['realm1', 'realm2'].map(name => ({ name, roles: [role('guest'), role('user')] })),
    authenticators: {
      guests: { anonymous: { role: 'guest' } },
      users: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
    },
    transports: [
      {
        id: 'web',
        type: 'web' as const,
        endpoint: { port: 0 },
        auth: ['guests'],
        realms: ['realm1'],
        paths,
        options: { backend },
      },
    ],
  }
}

for (const backend of TRANSPORTS) {
  describe(`a port with paths, over ${backend}`, () => {
    let router: Router
    afterEach(() => router.close())

    const started = async (paths: Paths) => {
      router = createRouter(config(backend, paths))
      const [listening] = await router.start()
      return listening as { port: number }
    }

    const reasonAt = async (url: string, realm: string, details?: object) => {
      const client = await connect(url)
      const [type, , reason] = await client.ask([1, realm, { roles: { caller: {} }, ...details }])
      return type === 2 ? 'WELCOME' : type === 4 ? 'CHALLENGE' : reason
    }

    it('has authenticators and realms of its own at each, or those of the transport', async () => {
      const { port } = await started({
        '/ws': { websocket: {} },
        '/staff': { websocket: { auth: ['users'], realms: ['realm2'] } },
      })
      const [open, staff] = ['ws', 'staff'].map(path => `ws://127.0.0.1:${port}/${path}`)
      const joe = { authid: 'joe', authmethods: ['ticket'] }
      expect(await reasonAt(open as string, 'realm1')).equal('WELCOME')
      expect(await reasonAt(open as string, 'realm2')).equal('wamp.error.no_such_realm')
      expect(await reasonAt(staff as string, 'realm1', joe)).equal('wamp.error.no_such_realm')
      expect(await reasonAt(staff as string, 'realm2', joe)).equal('CHALLENGE')
      expect(await reasonAt(staff as string, 'realm2')).equal('wamp.error.no_matching_auth_method')
    })

    it('still finds the dead at a path that a reload has removed', async () => {
      const quick = (paths: Paths) => {
        const made = config(backend, paths)
        const options = { backend, auto_ping_interval: 100 }
        return { ...made, transports: made.transports.map(one => ({ ...one, options })) }
      }
      router = createRouter(quick({ '/a': { websocket: {} }, '/b': STAFF }))
      const { port } = (await router.start())[0] as { port: number }
      const socket = new RawSocket(port)
      socket.write(handshake({}, '/a'))
      await socket.answer()
      expect((await socket.ask(hello()))?.[0]).equal(2)
      router.reload(quick({ '/b': STAFF, '/c': { websocket: {} } }))
      await within(2000, 'end', socket.gone)
      expect(router.status().counters.dead_peers).equal(1)
    })

    it('serves other paths after a reload, and those that are connected stay', async () => {
      const { port } = await started({ '/a': { websocket: {} }, '/b': STAFF })
      const statusAt = async (path: string) => (await http(port, handshake({}, path)))?.status
      const client = await connect(`ws://127.0.0.1:${port}/a`)
      await client.join('realm1')
      router.reload(config(backend, { '/b': STAFF, '/c': { websocket: {} } }))
      expect(await statusAt('/a')).equal(404)
      expect(await statusAt('/b')).equal(101)
      expect(await statusAt('/c')).equal(101)
      expect((await client.ask([32, 1, {}, 'a.topic']))[0]).equal(33)
    })
  })
}

describe('the configuration of a port with paths', () => {
  const problems = (paths: unknown, more: object = {}) => {
    const whole = config('ws', paths as Paths)
    const [transport] = whole.transports
    try {
      createRouter({ ...whole, transports: [{ ...transport, ...more } as typeof transport & {}] })
      return []
    } catch (error) {
      return (error as Error).message.split('\n')
    }
  }

  it('says what is wrong with the paths', () => {
    expect(problems({ ws: { websocket: {} } }).join()).contain('expected a path such as /ws')
    expect(problems({ '/ws': {} }).join()).contain('expected one kind of service')
    expect(problems({}).join()).contain('"paths" is missing, or has no path')
    expect(problems({ '/ws': { websockt: {} } }).join()).contain('did you mean "websocket"?')
    expect(problems({ '/ws': { websocket: { auth: ['usrs'] } } }).join()).contain(
      'there is no authenticator "usrs"; did you mean "users"?',
    )
  })

  it('says what is wrong with the realm of STOMP clients that name none', () => {
    const stomp = (keys: object) =>
      problems({ '/stomp': { stomp: { auth: ['guests', 'users'], ...keys } } }).join()
    expect(stomp({ realm: 'realm1' })).equal('')
    expect(stomp({ realm: 'relm1' })).contain('there is no realm "relm1"; did you mean "realm1"?')
    expect(stomp({ realm: 'realm2' })).contain('none of those that can be joined here')
    expect(stomp({ realm: 'realm2', realms: ['realm2'] })).equal('')
  })

  it('says which keys are for transports of another type', () => {
    const paths = { '/ws': { websocket: { auth: ['guests', 'users'] } } }
    expect(problems(paths)).deep.equal([])
    expect(problems(paths, { path: '/x' }).join()).contain('is for transports of type websocket')
    expect(problems(paths, { type: 'websocket' }).join()).contain('is for transports of type web')
  })
})

describe('a reload that a port refuses', () => {
  const TLS = { certificate: 'test/fixtures/localhost.crt', key: 'test/fixtures/localhost.key' }
  let router: Router
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  it('changes nothing at the others either', async () => {
    const LONGPOLL = { longpoll: {} }
    const WEBSOCKET = { websocket: {} }
    const two = (paths: Paths, key: string) => {
      const made = config('ws', { ...paths, '/staff': STAFF })
      const [first] = made.transports
      const second = { id: 'other', tls: { ...TLS, key }, paths: { '/ws': WEBSOCKET } }
      return { ...made, transports: [first, { ...first, ...second }] as typeof made.transports }
    }
    router = createRouter(two({ '/lp': LONGPOLL }, TLS.key))
    const [{ port } = { port: 0 }] = await router.start()
    const poll = await pollMember(`http://127.0.0.1:${port}/lp`)
    expect(() => router.reload(two({ '/ws': WEBSOCKET }, 'test/fixtures/stranger.key'))).throw(
      'cannot be used',
    )
    expect((await poll.ask([32, 1, {}, 'a.b']))[0], 'the session goes on').equal(33)
    const at = (path: string) => http(port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect((await at('/ws'))?.status).equal(404)
    router.reload(two({ '/ws': WEBSOCKET }, TLS.key))
    expect((await at('/ws'))?.status).equal(200)
    expect((await at('/lp/open'))?.status).equal(404)
  })

  it('can be taken back: what was there is there again, and was not closed', () => {
    router = createRouter({ development: true })
    const clock = new FakeClock()
    const site = new PortSite({ clock } as unknown as House, {
      ...{ rawsocket: true, options: {} },
      paths: { '/a': { websocket: {} }, '/b': { websocket: {} } },
    })
    const [a, b, rawsocket] = [site.websocket('/a'), site.websocket('/b'), site.rawsocket]
    const offer = { paths: { '/b': { websocket: {} }, '/c': { websocket: {} } } }
    const options = { maxMessageSize: 1000 }
    const changed = site.change({ ...offer, rawsocket: false, options })
    expect(site.paths).deep.equal(['/b', '/c'])
    expect(site.websocket('/b')).equal(b)
    expect([site.maxMessageSize, b?.maxMessageSize]).deep.equal([1000, 1000])
    changed.undo()
    expect(site.paths).deep.equal(['/a', '/b'])
    expect([site.websocket('/a'), site.websocket('/b'), site.rawsocket]).deep.equal([
      ...[a, b, rawsocket],
    ])
    expect([site.maxMessageSize, b?.maxMessageSize]).deep.equal([1 << 20, 1 << 20])
    const gone = { '/d': { static: { directory: 'no/such/folder' } } }
    expect(() => site.change({ paths: gone, rawsocket: false, options })).throw('no such folder')
    expect(site.paths).deep.equal(['/a', '/b'])
    expect(site.maxMessageSize).equal(1 << 20)
    site.close()
  })
})
