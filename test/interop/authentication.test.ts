import { expect } from 'chai'
import { SignJWT } from 'jose'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import { createRouter, type Router } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import { logins } from './login.ts'
import { startPython } from './python.ts'

const DENIED = 'wamp.error.authentication_denied'
const JWT_SECRET = 'a secret of the tests, 32 or more characters'
const PASSWORD = 'p4ssword'
const SEED = 'ab'.repeat(32)

describe('a real client proves who it is', () => {
  let router: Router
  let url: string

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
    const role = 'user'
    const argon2 = { kdf: 'argon2id13', iterations: 2, memory: 64 } as const
    const allow = { call: true, register: true, publish: true, subscribe: true }
    router = createRouter({
      realms: [
        {
          name: 'realm1',
          roles: [{ name: role, permissions: [{ uri: '', match: 'prefix', allow }] }],
        },
      ],
      authenticators: {
        users: {
          wampcra: {
            principals: {
              plain: { secret: PASSWORD, role },
              salted: { ...(await craSecret(PASSWORD, 1000)), role },
            },
          },
          cryptosign: {
            principals: { keyed: { authorized_keys: [signer(SEED).pubkey], role } },
          },
          scram: {
            principals: {
              hashed: { ...(await scramSecret(PASSWORD, { method: 'scram', ...argon2 })), role },
            },
          },
          jwt: { algorithms: ['HS256'], secret: JWT_SECRET, roles: [role] },
        },
      },
    })
    url = (await router.listen({ port: 0, transport: USUAL_TRANSPORT })).url
  })
  after(() => router.close({ grace: 0 }))

  const token = (secret: string) =>
    new SignJWT({ role: 'user' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('tokened')
      .setExpirationTime('1m')
      .sign(Buffer.from(secret))

  /** Per row: the method, the authid, what lets in, what does not. */
  const rows = [
    ['wampcra', 'plain', async () => PASSWORD, async () => 'guess'],
    ['wampcra', 'salted', async () => PASSWORD, async () => 'guess'],
    ['cryptosign', 'keyed', async () => SEED, async () => 'cd'.repeat(32)],
    ['scram', 'hashed', async () => PASSWORD, async () => 'guess'],
    ['ticket', 'tokened', () => token(JWT_SECRET), () => token('x'.repeat(32))],
  ] as const

  for (const login of logins) {
    describe(login.name, () => {
      for (const [method, authid, right, wrong] of rows) {
        if (!login.methods.includes(method)) continue
        const words = `by ${method === 'ticket' ? 'a token (JWT) as ticket' : method}, as ${authid}`

        it(`is let in ${words}`, async () => {
          const credential = { method, authid, secret: await right() }
          expect(await login.try(url, credential)).equal(`${authid} user ${method}`)
        })

        it(`is denied ${words} with a wrong secret`, async () => {
          const credential = { method, authid, secret: await wrong() }
          expect(await login.try(url, credential)).contain(DENIED)
        })

        it(`is denied ${words} where nobody has the authid`, async () => {
          const credential = { method, authid: 'nobody', secret: await right() }
          expect(await login.try(url, credential)).contain(DENIED)
        })
      }
    })
  }
})
