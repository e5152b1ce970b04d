import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { expect } from 'chai'
import type { Step } from '../../src/auth/auth.ts'
import { authMessage, scramKeys, serverSignature, storedKeyOf } from '../../src/auth/scram-keys.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import {
  answer,
  begin,
  challengeOf,
  DENIED,
  describeFuzz,
  identityOf,
  methods,
  refusalOf,
} from './suite.ts'

const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const CLIENT_NONCE = 'rOprNGfwEbeRWgbNEkqO'
const salted = (password: string) =>
  pbkdf2Sync(password, Buffer.from(SALT, 'base64'), 4096, 32, 'sha256')

/** The credential of a user whose password is this. */
function credential(password: string, role: string) {
  const { storedKey, serverKey } = scramKeys(salted(password))
  return {
    kdf: 'pbkdf2' as const,
    salt: SALT,
    iterations: 4096,
    stored_key: storedKey.toString('base64'),
    server_key: serverKey.toString('base64'),
    role,
  }
}

const principals = {
  joe: credential('pencil', 'user'),
  'a=b,c': credential('pencil', 'user'),
  ann: { ...credential('pen', 'admin'), kdf: 'argon2id13' as const, iterations: 2, memory: 64 },
}

/** The client's half, written from RFC 5802 and not with the code that is tested. */
function proofOf(password: string, message: string): string {
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const clientKey = hmac(salted(password), 'Client Key')
  const signature = hmac(createHash('sha256').update(clientKey).digest(), message)
  const proof = clientKey.map((octet, i) => octet ^ (signature[i] as number))
  return Buffer.from(proof).toString('base64')
}

const RFC7677 = {
  authid: 'user',
  clientNonce: CLIENT_NONCE,
  nonce: `${CLIENT_NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`,
  salt: SALT,
  iterations: 4096,
  binding: 'biws',
}

describe('the keys of SCRAM', () => {
  const keys = scramKeys(salted('pencil'))
  const message = authMessage(RFC7677)

  it('take the proof of RFC 7677, 3', () => {
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
    expect(storedKeyOf(proof, message, keys)).deep.equal(keys.storedKey)
  })

  it('sign as in RFC 7677, 3', () => {
    expect(serverSignature(message, keys)).equal('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  })
})

for (const method of ['wamp-scram', 'scram'] as const) {
  describe(method, () => {
    const isStandard = method === 'wamp-scram'
    const sources = () => methods({ [method]: { principals } })
    const ask = (authid: unknown, authextra: Dict = { nonce: CLIENT_NONCE }) =>
      begin(sources(), { authid, authextra })
    const messageFor = (step: Step, authid = 'joe') =>
      authMessage({
        ...RFC7677,
        authid,
        nonce: String(challengeOf(step).nonce),
        binding: isStandard ? 'biws' : '',
      })
    const extraFor = (step: Step): Dict => ({
      nonce: challengeOf(step).nonce,
      channel_binding: null,
      cbind_data: null,
    })

    it('lets in who proves to know the password, and proves itself', async () => {
      const step = await ask('joe')
      const message = messageFor(step)
      const settled = await answer(step, proofOf('pencil', message), extraFor(step))
      const { authextra, ...who } = identityOf(settled)
      expect(who).deep.equal({ authid: 'joe', authrole: 'user', authprovider: 'static' })
      const signature = serverSignature(message, scramKeys(salted('pencil')))
      expect(authextra).deep.equal(
        isStandard ? { verifier: `v=${signature}` } : { scram_server_signature: signature },
      )
    })

    it('gives a challenge in the form of its clients', async () => {
      const { nonce, ...pbkdf2 } = challengeOf(await ask('joe'))
      const common = { salt: SALT, iterations: 4096, kdf: 'pbkdf2' }
      expect(pbkdf2).deep.equal(isStandard ? { ...common, memory: null } : common)
      const { nonce: other, ...argon2 } = challengeOf(await ask('ann'))
      expect(argon2).deep.equal({
        ...{ salt: SALT, iterations: 2, memory: 64 },
        kdf: isStandard ? 'argon2id13' : 'argon2id-13',
      })
      const own = Buffer.from(CLIENT_NONCE, 'base64')
      if (isStandard) expect(nonce).match(/^rOprNGfwEbeRWgbNEkqO[\w+/]{32}$/)
      else expect(Buffer.from(String(nonce), 'base64').subarray(0, own.length)).deep.equal(own)
      expect(other).not.equal(nonce)
    })

    it('signs an authid with equals sign and comma in the way of its clients', async () => {
      const step = await ask('a=b,c')
      const message = messageFor(step, isStandard ? 'a=3Db=2Cc' : 'a=b,c')
      const settled = await answer(step, proofOf('pencil', message), extraFor(step))
      expect(identityOf(settled).authid).equal('a=b,c')
    })

    const badExtras: Record<string, Dict> = {
      'no nonce': {},
      'a nonce that is no text': { nonce: 7 },
      'an empty nonce': { nonce: '' },
      'a nonce with a comma': { nonce: 'abc,r=x' },
      'a nonce with a line break': { nonce: 'abc\n' },
      'an oversized nonce': { nonce: 'a'.repeat(257) },
      'channel binding': { nonce: CLIENT_NONCE, channel_binding: 'tls-unique' },
    }
    for (const [what, authextra] of Object.entries(badExtras)) {
      it(`denies a HELLO with ${what}, of users and strangers alike`, async () => {
        const refusal = await ask('joe', authextra)
        expect(refusalOf(refusal)).equal(DENIED)
        expect(await ask('nobody', authextra)).deep.equal(refusal)
      })
    }

    const bad: Record<string, (message: string) => string> = {
      'the proof of another password': message => proofOf('pen', message),
      'a proof of another exchange': () => proofOf('pencil', authMessage(RFC7677)),
      'a proof that is too long': message => `${proofOf('pencil', message).slice(0, 43)}A==`,
      'a proof that is too short': message => proofOf('pencil', message).slice(0, 40),
      nothing: () => '',
      'what is not base64': () => '\0\n🙂',
      'a megabyte': () => 'A'.repeat(1 << 20),
    }
    for (const [what, proof] of Object.entries(bad)) {
      it(`denies ${what}`, async () => {
        const step = await ask('joe')
        const settled = await answer(step, proof(messageFor(step)), extraFor(step))
        expect(refusalOf(settled)).equal(DENIED)
      })
    }

    it('never takes the answer to an earlier challenge', async () => {
      const first = await ask('joe')
      const proof = proofOf('pencil', messageFor(first))
      const second = await ask('joe')
      expect(refusalOf(await answer(second, proof, extraFor(second)))).equal(DENIED)
      expect(refusalOf(await answer(await ask('joe'), proof, extraFor(first)))).equal(DENIED)
    })

    if (isStandard) {
      const extras: Record<string, (extra: Dict) => Dict> = {
        'another nonce': extra => ({ ...extra, nonce: 'other' }),
        'no nonce': ({ nonce, ...rest }) => rest,
        'channel binding': extra => ({ ...extra, channel_binding: 'tls-unique' }),
        'data of a channel': extra => ({ ...extra, cbind_data: 'abcd' }),
      }
      for (const [what, change] of Object.entries(extras)) {
        it(`denies a right proof whose extra has ${what}`, async () => {
          const step = await ask('joe')
          const proof = proofOf('pencil', messageFor(step))
          expect(refusalOf(await answer(step, proof, change(extraFor(step))))).equal(DENIED)
        })
      }
    }

    it('shows a stranger what users are shown, the same each time', async () => {
      const look = async (authid: string) => {
        const { nonce, ...rest } = challengeOf(await ask(authid))
        return rest
      }
      const forms = [await look('joe'), await look('ann')].map(({ salt, ...rest }) => rest)
      for (let i = 0; i < 20; i++) {
        const { salt, ...form } = await look(`nobody${i}`)
        expect(forms).deep.include(form)
        expect(salt).lengthOf(SALT.length).not.equal(SALT)
        expect(await look(`nobody${i}`)).deep.equal({ salt, ...form })
      }
    })

    it('refuses a stranger as it refuses the wrong password of a user', async () => {
      const [user, nobody] = [await ask('joe'), await ask('nobody')]
      const wrong = await answer(user, proofOf('pen', messageFor(user)), extraFor(user))
      expect(
        await answer(nobody, proofOf('pen', messageFor(nobody, 'nobody')), extraFor(nobody)),
      ).deep.equal(wrong)
    })

    describeFuzz(sources, { authid: 'joe', authextra: { nonce: CLIENT_NONCE } })
  })
}
