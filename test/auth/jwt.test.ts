import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import type { AuthMethod } from '../../src/auth/auth.ts'
import { faultsOf, methodsOf } from '../../src/auth/methods.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import {
  answer,
  begin,
  challengeOf,
  DENIED,
  describeFuzz,
  identityOf,
  refusalOf,
  surroundings,
} from './suite.ts'

const SECRET = 'a secret of the tests, 32 or more characters'
const NOW = 1_700_000_000
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const roles = ['admin', 'user']

const folder = mkdtempSync(join(tmpdir(), 'wampd-jwt-'))
after(() => rmSync(folder, { recursive: true }))
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const pem = file('key.pem', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString())
const jwks = {
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r', alg: 'RS256' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e', alg: 'ES256' },
  ],
}
const jwksFile = file('jwks.json', JSON.stringify(jwks))

type Config = Parameters<typeof methodsOf>[0]['jwt']
const SYMMETRIC = { algorithms: ['HS256'], secret: SECRET, leeway: 5000, roles } as const

function source(keys: object): AuthMethod[] {
  const clock = new FakeClock()
  clock.pass(NOW * 1000)
  return methodsOf(
    { jwt: { leeway: 5000, roles, ...keys } as NonNullable<Config> },
    surroundings(clock),
  )
}

interface Signing {
  key?: KeyObject | Uint8Array
  alg?: string
  kid?: string
}
function token(claims: JWTPayload, { key, alg = 'HS256', kid }: Signing = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .sign(key ?? Buffer.from(SECRET))
}

const SOUND = { sub: 'joe', role: 'user', exp: NOW + 60 }

async function come(keys: object, ticket: string | Promise<string>, authid?: string) {
  return answer(await begin(source(keys), { authid }), await ticket)
}

describe('jwt', () => {
  it('is the method ticket for clients', () => {
    expect(source(SYMMETRIC).map(({ name }) => name)).deep.equal(['ticket'])
  })

  for (const authid of ['joe', undefined, '']) {
    it(`lets in the subject of a token, with authid ${JSON.stringify(authid)}`, async () => {
      const step = await begin(source(SYMMETRIC), { authid })
      expect(challengeOf(step)).deep.equal({})
      expect(identityOf(await answer(step, await token(SOUND)))).deep.equal({
        ...{ authid: 'joe', authrole: 'user', authprovider: 'jwt' },
      })
    })
  }

  const refused: Record<string, () => string | Promise<string>> = {
    'no token': () => '',
    'what is no token': () => 'a.b.c',
    'a token of another secret': () => token(SOUND, { key: Buffer.alloc(32, 1) }),
    'a token of another algorithm': () => token(SOUND, { alg: 'HS512' }),
    'an unsigned token': () => new UnsecuredJWT(SOUND).encode(),
    'a token that has expired': () => token({ ...SOUND, exp: NOW - 6 }),
    'a token that does not expire': () => token({ sub: 'joe', role: 'user' }),
    'a token that is not valid yet': () => token({ ...SOUND, nbf: NOW + 6 }),
    'a token without subject': () => token({ role: 'user', exp: NOW + 60 }),
    'a token with an empty subject': () => token({ ...SOUND, sub: '' }),
    'a token without role': () => token({ sub: 'joe', exp: NOW + 60 }),
    'a token with a role that is not listed': () => token({ ...SOUND, role: 'root' }),
    'a token with a role of another type': () => token({ ...SOUND, role: { admin: true } }),
    'an oversized token': () => token({ ...SOUND, ballast: 'x'.repeat(20_000) }),
  }
  for (const [what, ticket] of Object.entries(refused)) {
    it(`denies ${what}`, async () => {
      expect(refusalOf(await come(SYMMETRIC, ticket()))).equal(DENIED)
    })
  }

  it('denies a token whose signature was changed', async () => {
    const [head, claims, signature] = (await token(SOUND)).split('.') as [string, string, string]
    const other = Buffer.from(JSON.stringify({ ...SOUND, role: 'admin' })).toString('base64url')
    expect(refusalOf(await come(SYMMETRIC, `${head}.${other}.${signature}`))).equal(DENIED)
    expect(identityOf(await come(SYMMETRIC, `${head}.${claims}.${signature}`)).authid).equal('joe')
  })

  it('denies the token of another authid', async () => {
    expect(refusalOf(await come(SYMMETRIC, token(SOUND), 'ann'))).equal(DENIED)
  })

  it('says so when a token has expired, and bears clocks that are a little apart', async () => {
    const late = await come(SYMMETRIC, token({ ...SOUND, exp: NOW - 6 }))
    expect(late).property('text').contain('expired')
    identityOf(await come(SYMMETRIC, token({ ...SOUND, exp: NOW - 3 })))
  })

  it('minds issuer and audience where they are set', async () => {
    const keys = { ...SYMMETRIC, issuer: 'https://id.example', audience: 'wamp' }
    const claims = { ...SOUND, iss: 'https://id.example', aud: ['web', 'wamp'] }
    identityOf(await come(keys, token(claims)))
    for (const wrong of [{ iss: 'https://other.example' }, { aud: 'web' }, { aud: undefined }]) {
      const step = await come(keys, token({ ...claims, ...wrong } as JWTPayload))
      expect(refusalOf(step)).equal(DENIED)
    }
  })

  it('takes other claims, also within claims and with dots in the name', async () => {
    const claims = {
      exp: NOW + 60,
      email: 'joe@example.com',
      realm_access: { roles: ['guest', 'user', 'admin'] },
      'https://example.com/role': 'user',
    }
    const nested = { ...SYMMETRIC, authid_claim: 'email', role_claim: 'realm_access.roles' }
    expect(identityOf(await come(nested, token(claims)))).include({
      authid: 'joe@example.com',
      authrole: 'admin',
    })
    const dotted = { ...nested, role_claim: 'https://example.com/role' }
    expect(identityOf(await come(dotted, token(claims))).authrole).equal('user')
    const inherited = { ...nested, role_claim: 'constructor.name' }
    expect(refusalOf(await come(inherited, token(claims)))).equal(DENIED)
  })

  it('takes the key of a PEM file, and no token that has it for a secret', async () => {
    const keys = { algorithms: ['RS256'], key: pem }
    const { privateKey } = rsa
    identityOf(await come(keys, token(SOUND, { alg: 'RS256', key: privateKey })))
    const forged = rsa.publicKey.export({ type: 'spki', format: 'pem' })
    const step = await come(keys, token(SOUND, { key: Buffer.from(forged) }))
    expect(refusalOf(step)).equal(DENIED)
  })

  it('takes the keys of a JWKS file by their id', async () => {
    const keys = { algorithms: ['RS256', 'ES256'], jwks_file: jwksFile }
    const come2 = (signing: Signing) => come(keys, token(SOUND, signing))
    identityOf(await come2({ alg: 'RS256', key: rsa.privateKey, kid: 'r' }))
    identityOf(await come2({ alg: 'ES256', key: ec.privateKey, kid: 'e' }))
    for (const signing of [
      { alg: 'ES256', key: ec.privateKey, kid: 'x' },
      { alg: 'ES256', key: ec.privateKey, kid: 'r' },
    ]) {
      expect(refusalOf(await come2(signing))).equal(DENIED)
    }
  })

  describe('with a JWKS URL', () => {
    let server: Server
    let fetched: number
    let status: number
    let keys: object
    beforeEach(async () => {
      fetched = 0
      status = 200
      server = createServer((_, response) => {
        fetched++
        response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' })
        response.end(JSON.stringify(jwks))
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      keys = { algorithms: ['ES256'], jwks_url: `http://127.0.0.1:${port}/keys` }
    })
    afterEach(() => new Promise(resolve => server.close(resolve)))

    it('fetches the keys once', async () => {
      const sources = source(keys)
      for (let i = 0; i < 3; i++) {
        const step = await begin(sources, {})
        const ticket = await token(SOUND, { alg: 'ES256', key: ec.privateKey, kid: 'e' })
        identityOf(await answer(step, ticket))
      }
      expect(fetched).equal(1)
    })

    it('does not fetch again for each key that nobody knows', async () => {
      const sources = source(keys)
      for (const kid of ['a', 'b', 'c', 'd']) {
        const step = await begin(sources, {})
        const ticket = await token(SOUND, { alg: 'ES256', key: ec.privateKey, kid })
        expect(refusalOf(await answer(step, ticket))).equal(DENIED)
      }
      expect(fetched).equal(1)
    })

    it('fails, and denies nobody, where the keys cannot be had', async () => {
      status = 500
      const ticket = token(SOUND, { alg: 'ES256', key: ec.privateKey, kid: 'e' })
      expect(refusalOf(await come(keys, ticket))).equal('wamp.error.authentication_failed')
    })
  })

  describe('keys', () => {
    const faults = (keys: object) =>
      faultsOf({ jwt: { roles, ...keys } as NonNullable<Config> }, []).map(({ path, text }) => [
        path,
        text,
      ])

    it('are of one source', () => {
      const text = 'give one of secret, key, jwks_file and jwks_url'
      expect(faults({ algorithms: ['RS256'] })).deep.equal([[['jwt'], text]])
      expect(faults({ algorithms: ['HS256'], secret: SECRET, key: pem })).deep.equal([
        [['jwt', 'secret'], text],
      ])
    })

    it('go with their algorithms', () => {
      expect(faults({ algorithms: ['RS256', 'HS256'], key: pem })).deep.equal([
        [['jwt', 'algorithms', 1], 'HS256 does not go with these keys'],
      ])
      expect(faults({ algorithms: ['RS256'], secret: SECRET })).deep.equal([
        [['jwt', 'algorithms', 0], 'RS256 does not go with these keys'],
      ])
      expect(faults({ algorithms: ['RS256'], key: pem })).deep.equal([])
    })

    it('can be read', () => {
      const algorithms = ['RS256']
      const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      const bad = {
        key: [join(folder, 'absent.pem'), jwksFile, file('private.pem', secret)],
        jwks_file: [join(folder, 'absent.json'), pem, file('empty.json', '{}')],
        jwks_url: [
          'http://id.example/keys',
          'http://127.id.example/keys',
          'file:///etc/passwd',
          'keys',
        ],
      }
      for (const [key, values] of Object.entries(bad)) {
        for (const value of values) {
          const [found] = faults({ algorithms, [key]: value })
          expect(found?.[0], value).deep.equal(['jwt', key])
        }
      }
      expect(faults({ algorithms, jwks_url: 'https://id.example/keys' })).deep.equal([])
    })

    it('are not shown where they are wrong, nor is the name of their file', () => {
      const jwks_file = file('secret-name.json', 's3cret in place of keys')
      const algorithms = ['RS256']
      expect(faults({ algorithms, jwks_file })).deep.equal([
        [['jwt', 'jwks_file'], 'cannot be used: it is no JSON Web Key Set'],
      ])
      expect(faults({ algorithms, jwks_file: `${jwks_file}.old` })).deep.equal([
        [['jwt', 'jwks_file'], 'cannot be used: no such file'],
      ])
      const [[, text] = []] = faults({ algorithms, key: jwks_file })
      expect(text)
        .match(/^cannot be used: /)
        .not.match(/s3cret|secret-name/)
    })
  })

  describeFuzz(() => source(SYMMETRIC), { authid: 'joe' })
})
