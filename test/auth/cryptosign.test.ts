import { expect } from 'chai'
import { signer } from '../../src/auth/cryptosign.ts'
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

const SEED = '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510'
const joe = signer(SEED)
const ann = signer('ab'.repeat(32))
const own = 'cd'.repeat(32)
const principals = {
  joe: { authorized_keys: [joe.pubkey.toUpperCase()], role: 'user' },
  ann: { authorized_keys: ['00'.repeat(32), ann.pubkey], role: 'admin' },
}

const ask = (authextra: Dict, authid?: unknown) =>
  begin(methods({ cryptosign: { principals, private_key: own } }), { authid, authextra })

describe('cryptosign', () => {
  it('signs as the vector of the specification', () => {
    const signed = joe.sign('ff'.repeat(32))
    expect(signed).match(/^b32675b221f08593/)
    expect(signed.slice(128)).equal('ff'.repeat(32))
  })

  it('makes the keys of RFC 8032, 7.1', () => {
    expect(signer('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60').pubkey).equal(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    )
  })

  for (const authid of ['joe', '', undefined]) {
    it(`lets in who signs the challenge, with authid ${JSON.stringify(authid)}`, async () => {
      const step = await ask({ pubkey: joe.pubkey }, authid)
      const { challenge } = challengeOf(step) as { challenge: string }
      expect(challenge).match(/^[0-9a-f]{64}$/)
      const settled = await answer(step, joe.sign(challenge).toUpperCase())
      expect(identityOf(settled)).include({ authid: 'joe', authrole: 'user' })
    })
  }

  it('takes each key of a user', async () => {
    const step = await ask({ pubkey: ann.pubkey.toUpperCase(), channel_binding: null }, 'ann')
    const { challenge } = challengeOf(step) as { challenge: string }
    expect(identityOf(await answer(step, ann.sign(challenge))).authid).equal('ann')
  })

  it('proves itself to a client that asks', async () => {
    const step = await ask({ pubkey: joe.pubkey, challenge: 'AA'.repeat(32) }, 'joe')
    const { pubkey, signature } = challengeOf(step)
    expect(pubkey).equal(signer(own).pubkey)
    expect(signature).equal(signer(own).sign('aa'.repeat(32)))
  })

  it('proves nothing without a key of its own, and unasked', async () => {
    const authextra = { pubkey: joe.pubkey, challenge: 'aa'.repeat(32) }
    const without = await begin(methods({ cryptosign: { principals } }), { authextra })
    expect(Object.keys(challengeOf(without))).deep.equal(['challenge'])
    expect(Object.keys(challengeOf(await ask({ pubkey: joe.pubkey })))).deep.equal(['challenge'])
  })

  const badExtras: Record<string, Dict> = {
    'no key': {},
    'a key that is no text': { pubkey: 7 },
    'a key that is too short': { pubkey: 'ab'.repeat(31) },
    'a key that is too long': { pubkey: 'ab'.repeat(33) },
    'a key that is not hex': { pubkey: 'xy'.repeat(32) },
    'an oversized key': { pubkey: 'ab'.repeat(100_000) },
    'channel binding': { pubkey: joe.pubkey, channel_binding: 'tls-unique' },
    'a challenge that is not hex': { pubkey: joe.pubkey, challenge: 'xy'.repeat(32) },
    'a challenge that is no text': { pubkey: joe.pubkey, challenge: [1] },
  }
  for (const [what, authextra] of Object.entries(badExtras)) {
    it(`denies a HELLO with ${what}`, async () => {
      expect(refusalOf(await ask(authextra, 'joe'))).equal(DENIED)
    })
  }

  it('says of channel binding that it is not offered', async () => {
    const step = await ask({ pubkey: joe.pubkey, channel_binding: 'tls-unique' }, 'joe')
    expect(step).property('text').contain('channel binding')
  })

  const bad: Record<string, (challenge: string) => string> = {
    'the signature of another key': challenge => ann.sign(challenge),
    'a signature of another message': () => joe.sign('ee'.repeat(32)),
    'a signature without its message': challenge => joe.sign(challenge).slice(0, 128),
    'a signature with another message behind it': challenge =>
      joe.sign(challenge).slice(0, 128) + 'ee'.repeat(32),
    'a signature that is too long': challenge => `${joe.sign(challenge)}00`,
    'a signature that is not hex': challenge => joe.sign(challenge).replace(/^../, 'xy'),
    nothing: () => '',
    'a changed signature': challenge =>
      joe.sign(challenge).replace(/^./, c => (c === '0' ? '1' : '0')),
    'zeroes before the message': challenge => '00'.repeat(64) + challenge,
    'a megabyte': () => 'ab'.repeat(1 << 19),
  }
  for (const [what, signature] of Object.entries(bad)) {
    it(`denies ${what}`, async () => {
      const step = await ask({ pubkey: joe.pubkey }, 'joe')
      const { challenge } = challengeOf(step) as { challenge: string }
      expect(refusalOf(await answer(step, signature(challenge)))).equal(DENIED)
    })
  }

  it('never takes the answer to an earlier challenge', async () => {
    const first = await ask({ pubkey: joe.pubkey }, 'joe')
    const replayed = joe.sign(String(challengeOf(first).challenge))
    const second = await ask({ pubkey: joe.pubkey }, 'joe')
    expect(refusalOf(await answer(second, replayed))).equal(DENIED)
  })

  it('denies a key that is not of the user, however well it signs', async () => {
    for (const [authid, key] of [
      ['ann', joe],
      ['nobody', joe],
      ['joe', signer('01'.repeat(32))],
      [undefined, signer('01'.repeat(32))],
    ] as const) {
      const step = await ask({ pubkey: key.pubkey }, authid)
      const { challenge } = challengeOf(step) as { challenge: string }
      expect(refusalOf(await answer(step, key.sign(challenge)))).equal(DENIED)
    }
  })

  describeFuzz(() => methods({ cryptosign: { principals, private_key: own } }), {
    authid: 'joe',
    authextra: { pubkey: joe.pubkey },
  })
})
