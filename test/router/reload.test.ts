import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { expect } from 'chai'
import type { Change } from '../../src/config/diff.ts'
import type { ConfigInput } from '../../src/config/schema.ts'
import { ConfigError } from '../../src/index.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { freePort } from '../helpers/free-port.ts'
import { connect, hangUp, hello, member, type RawClient, type Wamp } from '../helpers/raw-client.ts'
import { handshake, http } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

type TransportInput = NonNullable<ConfigInput['transports']>[number]

const ALL = { call: true, register: true, publish: true, subscribe: true }

/** A realm in which the role may do everything. */
const realm = (name: string, ...roles: string[]) => ({
  name,
  roles: roles.map(role => ({
    name: role,
    permissions: [{ uri: '', match: 'prefix' as const, allow: ALL }],
  })),
})

const may = (uri: string, allow: object) => ({ uri, match: 'exact' as const, allow })

for (const transport of TRANSPORTS) {
  describe(`a reload on ${transport}`, () => {
    let folder: ConfigFolder
    let router: Router
    let url: string
    let port: number
    let config: ConfigInput

    beforeEach(async () => {
      folder = new ConfigFolder()
      config = {
        version: 1,
        realms: [realm('realm1', 'anonymous', 'user')],
        authenticators: {
          guests: { anonymous: { role: 'anonymous' } },
          users: { ticket: { principals: { joe: { ticket: 'secret', role: 'user' } } } },
        },
        transports: [
          {
            id: 'main',
            type: 'websocket',
            endpoint: { port: 0 },
            auth: ['guests', 'users'],
            options: { backend: transport },
          },
        ],
        log: { level: 'silent' },
      }
      router = createRouter({ file: folder.write('wampd.yaml', config) })
      await start()
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
      folder.remove()
    })

    async function start(): Promise<void> {
      const [listening] = await router.start()
      url = listening?.url as string
      port = listening?.port as number
    }

    /** Writes the configuration with changes, and has the router take it up. */
    function reload(changes: Partial<ConfigInput>): Change[] {
      config = { ...config, ...changes }
      folder.write('wampd.yaml', config)
      return router.reload()
    }

    const transportWith = (changes: Partial<TransportInput>) => ({
      transports: [{ ...(config.transports?.[0] as TransportInput), ...changes }],
    })

    const joe = { authmethods: ['ticket'], authid: 'joe' }

    async function joinAsJoe(ticket = 'secret'): Promise<{ client: RawClient; answer: Wamp }> {
      const client = await connect(url)
      expect((await client.ask(hello('realm1', joe)))[0]).equal(4)
      return { client, answer: await client.ask([5, ticket, {}]) }
    }

    it('gives sessions that are there the permissions of now', async () => {
      const client = await member(url)
      const allowed = await client.ask([32, 1, {}, 'a'])
      expect(allowed[0]).equal(33)
      const changed = reload({
        realms: [
          {
            name: 'realm1',
            roles: [
              { name: 'anonymous', permissions: [may('b', { call: true, subscribe: true })] },
              { name: 'user', permissions: [] },
            ],
          },
        ],
      })
      expect(changed.every(({ reload }) => reload === 'live')).equal(true)
      expect((await client.ask([32, 2, {}, 'a'])).slice(0, 5)).deep.equal([
        ...[8, 32, 2],
        {},
        'wamp.error.not_authorized',
      ])
      expect((await client.ask([32, 3, {}, 'b']))[0]).equal(33)
      expect((await client.ask([34, 4, allowed[2]]))[0], 'what it had stays').equal(35)
    })

    it('lets new users in and old ones no more, and leaves their sessions', async () => {
      const { client, answer } = await joinAsJoe()
      expect(answer[0]).equal(2)
      const users = { ticket: { principals: { joe: { ticket: 'changed', role: 'user' } } } }
      reload({ authenticators: { ...config.authenticators, users } })
      expect((await joinAsJoe('secret')).answer[2]).equal('wamp.error.authentication_denied')
      expect((await joinAsJoe('changed')).answer[0]).equal(2)
      expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
    })

    it('has those prove themselves again who are about to join', async () => {
      const client = await connect(url)
      expect((await client.ask(hello('realm1', joe)))[0]).equal(4)
      const users = { ticket: { principals: { joe: { ticket: 'changed', role: 'user' } } } }
      reload({ authenticators: { ...config.authenticators, users } })
      expect((await client.ask([5, 'secret', {}]))[0], 'another CHALLENGE').equal(4)
      expect((await client.ask([5, 'changed', {}]))[0]).equal(2)
    })

    it('lets nobody join a realm that is gone by then', async () => {
      const client = await connect(url)
      expect((await client.ask(hello('realm1', joe)))[0]).equal(4)
      reload({ realms: [realm('realm2', 'anonymous', 'user')] })
      expect((await client.ask([5, 'secret', {}]))[2]).equal('wamp.error.no_such_realm')
    })

    it('opens new realms, and closes those that are gone', async () => {
      const stays = await member(url)
      reload({ realms: [realm('realm1', 'anonymous', 'user'), realm('realm2', 'anonymous')] })
      const other = await member(url, 'wamp.2.cbor', 'realm2')
      const local = router.session('realm2')
      reload({ realms: [realm('realm1', 'anonymous', 'user')] })
      expect(await other.next()).deep.equal([
        6,
        { message: 'the realm is there no more' },
        'wamp.close.close_realm',
      ])
      expect(await local.closed).equal('wamp.close.close_realm')
      expect((await (await connect(url)).ask(hello('realm2')))[2]).equal('wamp.error.no_such_realm')
      expect((await stays.ask([32, 1, {}, 'a']))[0]).equal(33)
      const [only, ...others] = router.status().realms
      expect([only?.name, only?.sessions, others]).deep.equal(['realm1', 1, []])
    })

    describe('that takes a role away', () => {
      const guests = { guests: { anonymous: { role: 'anonymous' } } }
      const without = (orphans: 'close' | 'keep') => ({
        realms: [realm('realm1', 'anonymous')],
        authenticators: guests,
        reload: { orphans },
        ...transportWith({ auth: ['guests'] }),
      })

      it('closes its sessions, with the reason', async () => {
        const { client } = await joinAsJoe()
        const guest = await member(url)
        reload(without('close'))
        expect(await client.next()).deep.equal([
          6,
          { message: 'the role user is there no more' },
          'wampd.close.role_removed',
        ])
        expect((await guest.ask([32, 1, {}, 'a']))[0]).equal(33)
      })

      it('leaves them what they were allowed, where it is told to', async () => {
        const { client } = await joinAsJoe()
        reload(without('keep'))
        expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
        const [, , refused] = await (await connect(url)).ask(hello('realm1', joe))
        expect(refused).equal('wamp.error.no_matching_auth_method')
      })

      it('gives them the rules of now when the role comes back', async () => {
        const { client } = await joinAsJoe()
        reload(without('keep'))
        const roles = [...realm('realm1', 'anonymous').roles, { name: 'user', permissions: [] }]
        reload({ realms: [{ name: 'realm1', roles }] })
        expect((await client.ask([32, 1, {}, 'a']))[4]).equal('wamp.error.not_authorized')
      })
    })

    it('applies origins, serializers, path and limits to new connections', async () => {
      const before = await member(url)
      reload(
        transportWith({
          path: '/other',
          allowed_origins: ['https://app.example'],
          serializers: ['json'],
          options: { backend: transport, max_message_size: '2KB', compression: 'shared' },
        }),
      )
      const ask = (changes: Record<string, string>) =>
        http(port, handshake(changes, '/other')).then(answer => answer?.status)
      expect(await ask({ Origin: 'https://app.example' })).equal(101)
      expect(await ask({ Origin: 'https://other.example' })).equal(403)
      expect(await ask({ 'Sec-WebSocket-Protocol': 'wamp.2.cbor' })).equal(400)
      expect((await http(port, handshake()))?.status).equal(404)
      expect(router.status().listening[0]?.url).equal(`ws://127.0.0.1:${port}/other`)

      const long = [32, 1, { x: 'a'.repeat(3000) }, 'a']
      expect((await before.ask(long))[0], 'its limit stays').equal(33)
      const after = await connect(`ws://127.0.0.1:${port}/other`, 'wamp.2.json', {
        perMessageDeflate: true,
      })
      expect(after.socket.extensions).equal('permessage-deflate')
      await after.join()
      after.send(long)
      expect((await after.closed).code).equal(1009)
      expect((await before.ask([32, 2, {}, 'b']))[0]).equal(33)
    })

    it('applies a ping interval to new connections, and closes cleanly afterwards', async () => {
      const before = await member(url)
      for (const auto_ping_interval of ['100ms', '200ms', '100ms']) {
        reload(transportWith({ options: { backend: transport, auto_ping_interval } }))
      }
      let pings = 0
      before.socket.on('ping', () => pings++)
      const after = await member(url)
      await new Promise(resolve => after.socket.once('ping', resolve))
      expect(pings).equal(0)
    })

    it('reports what only a restart changes, and keeps it as it was', async () => {
      const other = await freePort()
      const strict = { ...realm('realm1', 'anonymous', 'user'), options: { uri_check: 'strict' } }
      const changed = reload({
        realms: [strict as never],
        ...transportWith({ endpoint: { port: other }, path: '/ws' }),
      })
      const waiting = changed.filter(({ reload }) => reload === 'restart').map(({ path }) => path)
      expect(waiting).deep.equal([
        'realms[realm1].options.uri_check',
        'transports[main].endpoint.port',
      ])
      expect(router.config.transports[0]?.endpoint.port).equal(0)
      const client = await member(url)
      expect((await client.ask([32, 1, {}, 'Not-Strict']))[0]).equal(33)
      expect(
        router.reload().map(({ path }) => path),
        'they wait still',
      ).deep.equal(waiting)
    })

    it('opens no transport that is new, and keeps one that is gone', async () => {
      const other = await freePort()
      const [main] = config.transports ?? []
      const second = { ...main, id: 'second', endpoint: { port: other } } as never
      const changed = reload({ transports: [main as never, second] })
      expect(changed.map(({ path, reload }) => [path, reload])).deep.equal([
        ['transports[second]', 'restart'],
      ])
      expect((await connect(`ws://127.0.0.1:${other}/ws`).catch(() => null)) === null).equal(true)
      reload({ transports: [second] })
      await member(url)
    })

    it('that cannot be used changes nothing, and says why', async () => {
      const client = await member(url)
      const before = router.config
      const broken = [
        'version: 1\nrealms: [',
        { ...config, realms: [], permisions: [] },
        { ...config, realms: [realm('realm1', 'anonymous', 'user'), { name: 'no uri' }] },
        // Fine by itself, but the transport of now needs it until a restart.
        { ...config, transports: [], authenticators: {} },
      ]
      for (const content of broken) {
        folder.write('wampd.yaml', content)
        expect(() => router.reload()).throw(ConfigError)
        expect(router.config).equal(before)
      }
      expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
      await member(url)
    })

    it('takes up a renewed certificate, be it in other files, while sessions stay', async () => {
      const fixture = (name: string) => join('test/fixtures', name)
      const files = { certificate: join(folder.path, 'a.crt'), key: join(folder.path, 'a.key') }
      const put = (name: string, to = files) => {
        copyFileSync(fixture(`${name}.crt`), to.certificate)
        copyFileSync(fixture(`${name}.key`), to.key)
      }
      await router.close({ grace: 0 })
      put('localhost')
      config = { ...config, ...transportWith({ tls: files }) }
      folder.write('wampd.yaml', config)
      router = createRouter({ file: join(folder.path, 'wampd.yaml') })
      await start()
      const first = await served(port)
      const client = await connect(`wss://127.0.0.1:${port}/ws`, 'wamp.2.json', {
        ca: readFileSync(fixture('localhost.crt')),
      })
      await client.join()

      put('renewed')
      expect(router.reload()).deep.equal([])
      const second = await served(port)
      expect(second).not.equal(first)

      const others = { certificate: join(folder.path, 'b.crt'), key: join(folder.path, 'b.key') }
      put('localhost', others)
      reload(transportWith({ tls: others }))
      expect(await served(port)).equal(first)

      copyFileSync(fixture('renewed.key'), others.key)
      expect(() => router.reload()).throw(ConfigError, 'certificate')
      expect(await served(port)).equal(first)
      expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
    })
  })
}

/** The fingerprint of the certificate that a port shows. */
function served(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate() as PeerCertificate
      socket.destroy()
      resolve(fingerprint256)
    })
    socket.on('error', reject)
  })
}

describe('a reload with keys', () => {
  it('takes the place of what was given in code', async () => {
    const router = createRouter({ realms: [realm('realm1', 'user')] })
    const local = router.session('realm1', { authrole: 'user' })
    const changed = router.reload({ realms: [realm('realm1', 'user'), realm('realm2', 'user')] })
    expect(changed.map(({ path }) => path)).deep.equal(['realms[realm2]'])
    router.session('realm2').close()
    await local.publish('a')
    await router.close()
  })

  it('needs keys where there is no file, and does not take none for an empty configuration', async () => {
    const router = createRouter({ realms: [realm('realm1', 'user')] })
    expect(() => router.reload()).throw(TypeError, 'give the keys')
    expect(router.status().realms).length(1)
    await router.close()
    expect(() => router.reload({ realms: [] })).throw('the router is closed')
  })

  it('leaves realms that sprang up in development', async () => {
    const router = createRouter({ development: true })
    const local = router.session('on.demand')
    router.reload({ realms: [realm('realm1', 'user')] })
    await local.publish('a')
    expect(router.status().realms).length(2)
    await router.close()
  })
})
