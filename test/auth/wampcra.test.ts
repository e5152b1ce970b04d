import { createHmac, pbkdf2Sync } from 'node:crypto'
import { expect } from 'chai'
import type { Step } from '../../src/auth/auth.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import {
  answer,
  begin,
  challengeOf,
  DENIED,
  describeFuzz,
  helloOf,
  identityOf,
  methods,
  refusalOf,
} from './suite.ts'

const SALT = 'c2FsdC1vZi1qb2Utb2s='
const derived = (secret: string, salt: string, iterations: number, keylen: number) =>
  pbkdf2Sync(secret, salt, iterations, keylen, 'sha256').toString('base64')

const principals = {
  joe: { secret: 'sesame', role: 'user' },
  ann: { secret: derived('sésame', SALT, 100, 32), salt: SALT, iterations: 100, role: 'admin' },
}

const sign = (key: string, challenge: string) =>
  createHmac('sha256', key).update(challenge).digest('base64')
const textOf = (step: Step) => String(challengeOf(step).challenge)

describe('wampcra', () => {
  const ask = (authid: unknown) => begin(methods({ wampcra: { principals } }), { authid })

  it('lets in who signs the challenge with the secret', async () => {
    const step = await ask('joe')
    const settled = await answer(step, sign('sesame', textOf(step)))
    expect(identityOf(settled)).deep.equal({
      authid: 'joe',
      authrole: 'user',
      authprovider: 'static',
    })
  })

  it('gives a challenge that holds what the specification lists', async () => {
    const clock = new FakeClock()
    clock.pass(1_700_000_000_000)
    const [method] = methods({ wampcra: { principals } }, clock)
    const step = method?.begin(helloOf({ authid: 'joe' }, 4711)) as Step
    expect(Object.keys(challengeOf(step))).deep.equal(['challenge'])
    const { nonce, ...rest } = JSON.parse(textOf(step))
    expect(nonce).match(/^[\w+/]{32}$/)
    expect(rest).deep.equal({
      authid: 'joe',
      authrole: 'user',
      authmethod: 'wampcra',
      authprovider: 'static',
      timestamp: '2023-11-14T22:13:20.000Z',
      session: 4711,
    })
  })

  it('tells salted users how to make their key, which is the text of the base64', async () => {
    const step = await ask('ann')
    const { challenge, ...salting } = challengeOf(step)
    expect(salting).deep.equal({ salt: SALT, iterations: 100, keylen: 32 })
    const key = derived('sésame', SALT, 100, 32)
    const settled = await answer(step, sign(key, String(challenge)))
    expect(identityOf(settled).authrole).equal('admin')
  })

  const bad: Record<string, (text: string) => string> = {
    'a wrong secret': text => sign('guess', text),
    'an empty signature': () => '',
    'a signature without its padding': text => sign('sesame', text).replace(/=+$/, ''),
    'a signature with something behind it': text => `${sign('sesame', text)}A`,
    'a signature in hex': text => createHmac('sha256', 'sesame').update(text).digest('hex'),
    'a signature of another challenge': () => sign('sesame', '{"authid":"joe"}'),
    'a megabyte': () => 'x'.repeat(1 << 20),
  }
  for (const [what, signature] of Object.entries(bad)) {
    it(`denies ${what}`, async () => {
      const step = await ask('joe')
      expect(refusalOf(await answer(step, signature(textOf(step))))).equal(DENIED)
    })
  }

  it('never takes the answer to an earlier challenge', async () => {
    const first = await ask('joe')
    const replayed = sign('sesame', textOf(first))
    expect(refusalOf(await answer(await ask('joe'), replayed))).equal(DENIED)
  })

  it('denies who gives no authid', async () => {
    for (const authid of [undefined, null, '', 7, {}, ['joe']]) {
      expect(refusalOf(await ask(authid))).equal(DENIED)
    }
  })

  it('denies names of Object.prototype', async () => {
    for (const authid of ['__proto__', 'constructor', 'toString']) {
      const step = await ask(authid)
      expect(refusalOf(await answer(step, sign('sesame', textOf(step))))).equal(DENIED)
    }
  })

  describe('with a stranger', () => {
    const lookOf = async (authid: string) => {
      const { challenge, ...salting } = challengeOf(await ask(authid))
      const { nonce, session, timestamp, ...rest } = JSON.parse(String(challenge))
      return { ...salting, ...rest }
    }

    it('shows the same each time it is asked, and in each run', async () => {
      for (let i = 0; i < 20; i++) {
        expect(await lookOf(`nobody${i}`)).deep.equal(await lookOf(`nobody${i}`))
      }
    })

    it('shows what users show, of each kind', async () => {
      const looks = await Promise.all(Array.from({ length: 40 }, (_, i) => lookOf(`nobody${i}`)))
      expect(new Set(looks.map(({ authrole }) => authrole))).deep.equal(new Set(['user', 'admin']))
      for (const look of looks) {
        expect(Object.keys(look)).deep.equal(Object.keys(await lookOf(look.salt ? 'ann' : 'joe')))
        if (look.salt === undefined) continue
        expect(look).include({ authrole: 'admin', iterations: 100, keylen: 32 })
        expect(look.salt)
          .lengthOf(SALT.length)
          .match(/[^=]=$/)
      }
    })

    it('gives each a salt of its own', async () => {
      const looks = await Promise.all(Array.from({ length: 40 }, (_, i) => lookOf(`nobody${i}`)))
      const salts = looks.flatMap(({ salt }) => salt ?? [])
      expect(new Set(salts).size).equal(salts.length)
    })

    it('refuses every answer as it refuses a wrong one of a user', async () => {
      const wrong = await answer(await ask('joe'), 'wrong')
      expect(await answer(await ask('nobody'), 'wrong')).deep.equal(wrong)
    })
  })

  describeFuzz(() => methods({ wampcra: { principals } }), { authid: 'joe' })
})
