import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { SignJWT } from 'jose'
import { WebSocketServer } from 'ws'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import type { Challenge } from '../../src/protocol/messages.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { join } from '../../src/remote/join.ts'
import { type Credentials, loginWith } from '../../src/remote/login.ts'
import { RemoteError } from '../../src/remote/remote-error.ts'
import { connect, type WireOptions } from '../../src/remote/wire.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { TRUST } from './doors.ts'

const DENIED = 'wamp.error.authentication_denied'
const JWT_SECRET = 'a secret of the tests, 32 or more characters'
const PASSWORD = 'p4ss wörd'
const SEED = 'ab'.repeat(32)
const role = 'user'
const CLIENT = {
  cert: readFileSync('test/fixtures/client.crt', 'utf8'),
  key: readFileSync('test/fixtures/client.key', 'utf8'),
}

const pbkdf2 = { kdf: 'pbkdf2', iterations: 100, memory: 0 } as const
const argon2 = { kdf: 'argon2id13', iterations: 2, memory: 64 } as const

async function authenticators() {
  const scram = async (method: 'scram' | 'wamp-scram') => ({
    principals: {
      [`${method} pbkdf2`]: { ...(await scramSecret(PASSWORD, { method, ...pbkdf2 })), role },
      [`${method}, = argon2id`]: { ...(await scramSecret(PASSWORD, { method, ...argon2 })), role },
    },
  })
  const asked = async (name: string, salted: string) => {
    if (name === salted) return { role, ...(await craSecret(PASSWORD, 10)) }
    return name === 'asked' ? { role, secret: PASSWORD } : null
  }
  return {
    users: {
      ticket: { principals: { ticketed: { ticket: PASSWORD, role } } },
      jwt: { algorithms: ['HS256' as const], secret: JWT_SECRET, roles: [role] },
      wampcra: {
        principals: {
          plain: { secret: PASSWORD, role },
          salted: { ...(await craSecret(PASSWORD, 100)), role },
        },
      },
      'wamp-scram': await scram('wamp-scram'),
      scram: await scram('scram'),
      cryptosign: { principals: { keyed: { authorized_keys: [signer(SEED).pubkey], role } } },
      tls: { principals: { certified: { common_name: 'client.example', role } } },
    },
    asking: {
      dynamic: { procedure: 'a.authenticate', realm: 'realm1', methods: ['wampcra' as const] },
    },
    guests: { anonymous: { role } },
    asked,
  }
}

describe('a login at a router', () => {
  let router: Router
  let url: string
  let secure: string
  let open: string

  before(async () => {
    const { asked, ...all } = await authenticators()
    const allow = { call: true, register: true, publish: true, subscribe: true }
    const permissions = [{ uri: '', match: 'prefix' as const, allow }]
    router = createRouter({
      realms: [{ name: 'realm1', roles: [{ name: role, permissions }] }],
      authenticators: all,
    })
    await router
      .session('realm1')
      .register('a.authenticate', ([, authid]) => asked(String(authid), 'asked-salted'))
    url = (await router.listen({ port: 0, auth: ['users', 'asking'] })).url
    open = (await router.listen({ port: 0, auth: ['guests'] })).url
    const certificate = 'test/fixtures/localhost.crt'
    const tls = { certificate, key: 'test/fixtures/localhost.key', ca: 'test/fixtures/client.crt' }
    const port = await router.listen({ port: 0, tls, auth: ['users'] })
    secure = port.url.replace('127.0.0.1', 'localhost')
  })
  after(() => router.close())

  /** Authid, role and method of WELCOME, or why there is none. */
  async function outcome(credentials: Credentials, at = url, options: WireOptions = {}) {
    const wire = await connect(at, options)
    try {
      const session = await join(wire, { realm: 'realm1', credentials })
      const { authid, authrole, authmethod } = session.details
      await session.leave()
      return `${authid} ${authrole} ${authmethod}`
    } catch (error) {
      if (error instanceof RemoteError) return error.uri ?? error.message
      throw error
    } finally {
      await wire.close()
    }
  }

  const token = (secret: string) =>
    new SignJWT({ role })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('tokened')
      .setExpirationTime('1m')
      .sign(Buffer.from(secret))

  const ROWS: [string, string, () => Promise<Credentials>, Credentials][] = [
    ['ticket', 'ticketed', async () => ({ ticket: PASSWORD }), { ticket: 'guess' }],
    ['ticket', 'tokened', async () => ({ ticket: await token(JWT_SECRET) }), { ticket: 'guess' }],
    ...['plain', 'salted', 'asked', 'asked-salted'].map((authid): (typeof ROWS)[0] => [
      'wampcra',
      authid,
      async () => ({ secret: PASSWORD, method: 'wampcra' }),
      { secret: 'guess', method: 'wampcra' },
    ]),
    ...['wamp-scram', 'scram'].flatMap(method =>
      [' pbkdf2', ', = argon2id'].map((kdf): (typeof ROWS)[0] => [
        method,
        method + kdf,
        async () => ({ secret: PASSWORD, method }),
        { secret: 'guess', method },
      ]),
    ),
    ['cryptosign', 'keyed', async () => ({ key: SEED }), { key: 'cd'.repeat(32) }],
  ]

  for (const [method, authid, right, wrong] of ROWS) {
    it(`is let in by ${method} as ${authid}`, async () => {
      expect(await outcome({ authid, ...(await right()) })).equal(`${authid} user ${method}`)
    })

    it(`is denied by ${method} as ${authid} with a wrong proof`, async () => {
      expect(await outcome({ authid, ...wrong })).equal(DENIED)
    })

    it(`is denied by ${method} as somebody whom nobody knows`, async () => {
      expect(await outcome({ authid: 'nobody', ...(await right()) })).equal(DENIED)
    })
  }

  it('is anonymous without a proof', async () => {
    expect(await outcome({}, open)).match(/^\S+ user anonymous$/)
    expect(await outcome({}, url)).equal('wamp.error.no_matching_auth_method')
  })

  it('is let in by a certificate', async () => {
    const tls = { ...TRUST, ...CLIENT }
    const credentials = { hasCertificate: true }
    expect(await outcome(credentials, secure, { tls })).equal('certified user tls')
    expect(await outcome(credentials, secure, { tls: TRUST })).equal(DENIED)
  })

  it('takes of several methods the one that the router has', async () => {
    const all = { ticket: PASSWORD, secret: PASSWORD, key: SEED }
    expect(await outcome({ authid: 'keyed', ...all })).equal('keyed user cryptosign')
    expect(await outcome({ ...all, authid: 'ticketed', method: 'ticket' })).equal(
      'ticketed user ticket',
    )
  })
})

describe('a login at a router that is not to be trusted', () => {
  const challenge = (method: string, extra: Dict): Challenge => ({ type: 4, method, extra })
  const SCRAM = { kdf: 'pbkdf2', salt: 'c2FsdA==', iterations: 1 }

  /** What the client says of a challenge whose nonce may follow from that of the client. */
  async function refusal(credentials: Credentials, method: string, extra: Dict): Promise<string> {
    const login = loginWith(credentials)
    const own = (login.details.authextra as Dict | undefined)?.nonce
    const nonce = 'suffix' in extra ? { nonce: `${own}${extra.suffix}` } : {}
    const error = await login.answer(challenge(method, { ...extra, ...nonce })).then(
      () => new Error('it was answered'),
      error => error,
    )
    expect(error.fault, error.message).equal('refused')
    return error.message.replace('the router is not trusted with the login: ', '')
  }

  const by = (method: string) => ({ authid: 'joe', secret: 'secret', method })

  it('gives no proof that was not asked of it', async () => {
    const text = 'it asks for a proof by ticket, which was not offered'
    expect(await refusal({ secret: 'secret' }, 'ticket', {})).equal(text)
    expect(await refusal({}, 'anonymous', {})).include('which was not offered')
    expect(await refusal({ key: SEED }, 'wampcra', { challenge: 'x' })).include('not offered')
    expect(await refusal(by('wamp-scram'), 'wampcra', { challenge: 'x' })).include('not offered')
  })

  const UNSOUND: [string, string, Dict, string][] = [
    ['wampcra', 'without a challenge', {}, 'its challenge is missing'],
    ['wampcra', 'with a salt that is no text', { challenge: 'x', salt: 5 }, 'its salt is missing'],
    [
      'wampcra',
      'with too many rounds',
      { challenge: 'x', salt: 'x', iterations: 1e9 },
      'its iterations is not a number from 1 to 10000000',
    ],
    ['wampcra', 'with a key too long', { challenge: 'x', salt: 'x', keylen: 65 }, 'its keylen'],
    ['wamp-scram', 'without a nonce', SCRAM, 'its nonce is missing'],
    ['wamp-scram', 'with a nonce of its own', { ...SCRAM, nonce: 'x' }, 'does not begin with'],
    ['wamp-scram', 'with a nonce of the client alone', { ...SCRAM, suffix: '' }, 'does not begin'],
    ['wamp-scram', 'without a salt', { ...SCRAM, suffix: 'x', salt: null }, 'its salt is missing'],
    ['wamp-scram', 'with a strange kdf', { ...SCRAM, suffix: 'x', kdf: 'md5' }, 'kdf is not known'],
    ['scram', 'without rounds', { ...SCRAM, suffix: 'x', iterations: 0 }, 'its iterations'],
    [
      'scram',
      'that takes all memory',
      { ...SCRAM, suffix: 'x', kdf: 'argon2id-13', memory: 1 << 21 },
      'its memory is not a number from 1 to 1048576',
    ],
  ]
  for (const [method, what, extra, text] of UNSOUND) {
    it(`does not answer a challenge of ${method} ${what}`, async () => {
      expect(await refusal(by(method), method, extra)).include(text)
    })
  }

  it('does not sign what is no challenge of cryptosign', async () => {
    expect(await refusal({ key: SEED }, 'cryptosign', { challenge: 'xyz' })).include(
      'its challenge',
    )
  })

  for (const method of ['wamp-scram', 'scram']) {
    it(`does not believe a router that lets all in, and cannot prove itself by ${method}`, async () => {
      const login = loginWith(by(method))
      const own = (login.details.authextra as { nonce: string }).nonce
      const check = (authextra: unknown) => () =>
        login.check({ type: 2, session: 1, details: { authextra } })
      expect(check({})).throws('it asks for no proof, and gives none')
      await login.answer(challenge(method, { ...SCRAM, nonce: `${own}AAAA` }))
      for (const authextra of [undefined, {}, { verifier: 'v=', scram_server_signature: 'x' }]) {
        expect(check(authextra)).throws('it has not proven to know the secret')
      }
    })
  }

  const WRONG: [Credentials, string][] = [
    [{ method: 'ticket' }, 'ticket needs something to prove with'],
    [{ method: 'ticket', key: SEED }, 'ticket cannot be with this proof: cryptosign'],
    [{ method: 'anonymous', ticket: 'x' }, 'anonymous cannot be with this proof: ticket'],
  ]
  for (const [credentials, text] of WRONG) {
    it(`says that ${text}`, () => {
      expect(() => loginWith(credentials)).throws(RemoteError, text)
    })
  }

  const ANSWERS: [string, string][] = [
    ['[17,1,1]', 'the router answered HELLO with a message of type 17'],
    ['[3,{"message":"no \\u001b[31m"},"a.b"]', 'the router refused realm1: a.b (no \\u001b[31m)'],
    ['[2]', 'the router sent what is no WAMP message: WELCOME: session is missing'],
  ]
  for (const [answer, text] of ANSWERS) {
    it(`ends where HELLO is answered with ${answer}`, async () => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      await new Promise(done => server.once('listening', done))
      server.on('connection', socket => socket.on('message', () => socket.send(answer)))
      const { port } = server.address() as { port: number }
      const wire = await connect(`ws://127.0.0.1:${port}`)
      const error = await join(wire, { realm: 'realm1' }).catch(error => error)
      expect(error.message).equal(text)
      await wire.close()
      server.close()
    })
  }
})
