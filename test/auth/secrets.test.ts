import { createHash, createHmac } from 'node:crypto'
import { expect } from 'chai'
import { signer } from '../../src/auth/cryptosign.ts'
import {
  craSecret,
  cryptosignPair,
  type ScramOptions,
  scramSecret,
} from '../../src/auth/secrets.ts'

const PBKDF2: ScramOptions = {
  ...{ method: 'wamp-scram', kdf: 'pbkdf2', iterations: 4096, memory: 0 },
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
}
const ARGON2: ScramOptions = {
  ...{ method: 'wamp-scram', kdf: 'argon2id13', iterations: 2, memory: 65536 },
  salt: Buffer.from('somesalt').toString('base64'),
}

/** The stored key that follows from a salted password, in base64. */
function storedKeyOf(salted: string | Buffer): string {
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return createHash('sha256').update(clientKey).digest('base64')
}

describe('the secret of a user of wampcra', () => {
  it('is the base64 of PBKDF2', async () => {
    // The known answer for 4,096 rounds that RFC 7914, 11 and others have for SHA-256.
    expect(await craSecret('password', 4096, 'salt')).deep.equal({
      secret: Buffer.from(
        'c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a',
        'hex',
      ).toString('base64'),
      ...{ salt: 'salt', iterations: 4096, keylen: 32 },
    })
  })

  it('has a salt of its own each time', async () => {
    const [one, other] = [await craSecret('password', 1), await craSecret('password', 1)]
    expect(one.salt)
      .match(/^[\w+/]{22}==$/)
      .not.equal(other.salt)
    expect(one.secret).not.equal(other.secret)
  })
})

describe('the secret of a user of SCRAM', () => {
  it('follows RFC 7677 with pbkdf2', async () => {
    const secret = await scramSecret('pencil', PBKDF2)
    expect(secret).deep.equal({
      ...{ kdf: 'pbkdf2', salt: PBKDF2.salt, iterations: 4096 },
      stored_key: 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
      server_key: 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    })
  })

  const hash = Buffer.from(
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
    'hex',
  )

  it('follows the reference of argon2', async () => {
    const secret = await scramSecret('password', ARGON2)
    expect(secret).include({ kdf: 'argon2id13', iterations: 2, memory: 65536 })
    expect(secret.stored_key).equal(storedKeyOf(hash))
  })

  it('takes the text of the hash for a key where Autobahn does', async () => {
    const secret = await scramSecret('password', { ...ARGON2, method: 'scram' })
    expect(secret.stored_key).equal(storedKeyOf(hash.toString('base64').replace('=', '')))
  })

  it('prepares the password as RFC 4013 has it, but not for Autobahn', async () => {
    const same = async (a: string, b: string, options: ScramOptions) =>
      (await scramSecret(a, options)).stored_key === (await scramSecret(b, options)).stored_key
    const options = { ...PBKDF2, iterations: 1 }
    // The examples of RFC 4013, 3, and a no-break space.
    for (const [given, prepared] of [
      ['I\u00adX', 'IX'],
      ['\u00aa', 'a'],
      ['\u2168', 'IX'],
      ['a\u00a0b', 'a b'],
    ] as const) {
      expect(await same(given, prepared, options), given).equal(true)
      expect(await same(given, prepared, { ...options, method: 'scram' }), given).equal(false)
    }
    expect(await same('user', 'USER', options)).equal(false)
  })

  it('is none of a password that RFC 4013 forbids', async () => {
    for (const password of ['\u0007', '\u0627\u0031']) {
      const refused = await scramSecret(password, PBKDF2).then(
        () => false,
        () => true,
      )
      expect(refused, password).equal(true)
    }
  })

  it('has a salt of its own each time', async () => {
    const { salt: _, ...options } = { ...PBKDF2, iterations: 1 }
    const [one, other] = [await scramSecret('a', options), await scramSecret('a', options)]
    expect(one.salt).not.equal(other.salt)
    expect(Buffer.from(one.salt, 'base64')).lengthOf(16)
  })
})

describe('a pair for cryptosign', () => {
  it('fits, and is another each time', () => {
    const [one, other] = [cryptosignPair(), cryptosignPair()]
    expect(signer(one.private_key).pubkey).equal(one.public_key)
    expect(one.public_key)
      .match(/^[0-9a-f]{64}$/)
      .not.equal(other.public_key)
  })
})
