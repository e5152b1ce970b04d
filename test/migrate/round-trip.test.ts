import { join } from 'node:path'
import { expect } from 'chai'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import { createRouter, type Router } from '../../src/index.ts'
import type { OldRouter } from '../../src/migrate/migrate.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { freePort } from '../helpers/free-port.ts'
import { autobahnJsKinds } from '../interop/autobahn-js.ts'
import { type Credential, logins } from '../interop/login.ts'
import { startPython } from '../interop/python.ts'
import { migrated } from './migrating.ts'

const DENIED = 'wamp.error.authentication_denied'
const PASSWORD = 'p4ssword $' + '{NO_VARIABLE'
const SEED = 'ab'.repeat(32)

/** What the users of all three files can do to come in, and as what. */
type Users = Partial<Record<Credential['method'], readonly [authid: string, role: string]>>

interface Old {
  readonly router: OldRouter
  /** The old file, for a port. */
  text(port: number): Promise<string>
  readonly users: Users
}

const hexOf = (base64: unknown) => Buffer.from(String(base64), 'base64').toString('hex')

/** Autobahn|JS rejects with what is no Error. */
const errorOf = (error: { error?: string }) => error.error ?? String(error)

/** A role that may call and register below `interop.`, but not `interop.secret`. */
const PERMISSIONS = [
  { uri: 'interop.*', allow: { call: true, register: true } },
  { uri: 'interop.secret', allow: { register: true } },
]

const OLD: readonly Old[] = [
  {
    router: 'crossbar',
    async text(port) {
      const role = 'user'
      const { kdf: _, ...argon } = await scramSecret(PASSWORD, {
        ...{ method: 'scram', kdf: 'argon2id13', iterations: 2, memory: 64 },
      })
      const scram = {
        ...{ kdf: 'argon2id-13', iterations: 2, memory: 64, salt: hexOf(argon.salt), role },
        'stored-key': hexOf(argon.stored_key),
        'server-key': hexOf(argon.server_key),
      }
      const ticket = { static: { ticket: PASSWORD, role } }
      const auth = {
        anonymous: { type: 'static', role },
        ticket: { type: 'static', principals: ticket },
        wampcra: {
          type: 'static',
          users: { salted: { ...(await craSecret(PASSWORD, 500)), role } },
        },
        scram: { type: 'static', principals: { hashed: scram } },
        cryptosign: {
          type: 'static',
          principals: { keyed: { authorized_keys: [signer(SEED).pubkey], role } },
        },
      }
      const roles = [{ name: role, permissions: PERMISSIONS }]
      const endpoint = { type: 'tcp', port, interface: '127.0.0.1' }
      const paths = { ws: { type: 'websocket', auth } }
      const transports = [{ type: 'web', endpoint, paths }]
      const worker = { type: 'router', realms: [{ name: 'realm1', roles }], transports }
      return JSON.stringify({ version: 2, workers: [worker] })
    },
    users: {
      ticket: ['static', 'user'],
      wampcra: ['salted', 'user'],
      scram: ['hashed', 'user'],
      cryptosign: ['keyed', 'user'],
    },
  },
  {
    router: 'nxt',
    async text(port) {
      const user = { realm: 'realm1', role: 'user' }
      const permissions = [
        { uri: 'interop.', match: 'prefix', allow_call: true, allow_register: true },
      ]
      const roles = [{ name: 'user', permissions }]
      return JSON.stringify({
        version: '1',
        realms: [
          { name: 'realm1', roles },
          { name: 'realm2', roles },
        ],
        transports: [
          {
            type: 'universal',
            listener: 'tcp',
            address: `127.0.0.1:${port}`,
            serializers: ['json'],
          },
        ],
        authenticators: {
          anonymous: [{ authid: 'any', ...user }],
          ticket: [{ authid: 'static', ticket: PASSWORD, ...user }],
          wampcra: [
            { authid: 'salted', secret: PASSWORD, salt: 's', iterations: 10, keylen: 20, ...user },
          ],
          cryptosign: [{ authid: 'keyed', authorized_keys: [signer(SEED).pubkey], ...user }],
        },
      })
    },
    users: {
      ticket: ['static', 'user@realm1'],
      wampcra: ['salted', 'user@realm1'],
      cryptosign: ['keyed', 'user@realm1'],
    },
  },
  {
    router: 'nexus',
    text: async port =>
      JSON.stringify({
        WebSocket: { address: `127.0.0.1:${port}`, keep_alive: 30 },
        router: { realms: [{ uri: 'realm1', anonymous_auth: true }] },
      }),
    users: {},
  },
]

for (const { router: old, text, users } of OLD) {
  describe(`a router that was migrated from ${old}`, () => {
    const folder = new ConfigFolder()
    let router: Router
    let url: string

    before(async function () {
      this.timeout(300_000) // the Python clients may have to be installed first
      await startPython()
      const file = join(folder.path, 'old.json')
      const outcome = migrated(old, await text(await freePort()), { file })
      expect(outcome.of('dropped')).to.deep.equal([])
      router = createRouter({
        file: folder.write('wampd.yaml', `${outcome.text}log: { level: silent }\n`),
      })
      const [listening] = await router.start()
      url = `ws://127.0.0.1:${new URL(listening?.url ?? '').port}/ws`
    })
    after(async () => {
      await router.close({ grace: 0 })
      folder.remove()
    })

    for (const login of logins) {
      for (const method of login.methods) {
        const [authid, role] = users[method] ?? []
        if (authid === undefined) continue
        const secret = method === 'cryptosign' ? SEED : PASSWORD
        const wrong = method === 'cryptosign' ? 'cd'.repeat(32) : 'wrong'

        it(`lets ${login.name} in by ${method} as before, and nobody else`, async () => {
          expect(await login.try(url, { method, authid, secret })).to.equal(
            `${authid} ${role} ${method}`,
          )
          expect(await login.try(url, { method, authid, secret: wrong })).to.contain(DENIED)
          expect(await login.try(url, { method, authid: 'nobody', secret })).to.contain(DENIED)
        })
      }
    }

    for (const kind of autobahnJsKinds.filter(({ name }) => name.includes('json'))) {
      it(`lets ${kind.name} do what it could`, async () => {
        const client = await kind.connect(url)
        await client.register('interop.echo', 'echo')
        expect(await client.call('interop.echo', [1], {})).to.deep.equal({ args: [1], kwargs: {} })
        if (old === 'crossbar') {
          await client.register('interop.secret', 'echo')
          const refused = await client.call('interop.secret', [], {}).catch(errorOf)
          expect(refused).to.contain('wamp.error.not_authorized')
        }
        if (old !== 'nexus') {
          const other = await client.register('other.echo', 'echo').catch(errorOf)
          expect(other).to.contain('wamp.error.not_authorized')
        }
        const kill = await client.call('wamp.session.kill_all', [], {}).catch(errorOf)
        expect(kill).to.contain('wamp.error.not_authorized')
        const count = await client.call('wamp.session.count', [], {}).catch(errorOf)
        if (old === 'nexus') expect(count).to.deep.equal({ args: [1], kwargs: {} })
        else expect(count).to.contain('wamp.error.not_authorized')
        await client.close()
      })
    }
  })
}
