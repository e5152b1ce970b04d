import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { PUBLISHER_PASSES_THRU } from '../../src/protocol/features.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { type Permission, Role, Rules } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

const allow = { call: true, register: true, publish: true, subscribe: true }
const everything = { uri: '', match: 'prefix', allow } as const

describe('what an EVENT says of its publication', () => {
  let realm: Realm
  let subscriber: Recorder

  beforeEach(() => {
    realm = new Realm(
      { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [] },
      randomId,
    )
    subscriber = join(everything)
    subscribe('a.b', 'exact')
    subscribe('a', 'prefix')
  })

  function join(rule: Permission, features = 0): Recorder {
    const member = new Recorder({ role: new Role('r', new Rules([rule], 'loose')), features })
    realm.join(member)
    return member
  }

  function subscribe(topic: string, match: string): void {
    realm.receive(subscriber, messageOf([32, 1, { match }, topic]))
    subscriber.take()
  }

  /** Publishes to a.b; gives the details of the events and the URI of the error, if any. */
  function publish(publisher: Recorder, options: Dict): { details: unknown[]; error: unknown } {
    realm.receive(publisher, messageOf([16, 1, options, 'a.b', [1]]))
    const [answer] = publisher.take()
    const details = subscriber.take().map(event => event[3])
    return { details, error: answer?.[0] === 8 ? answer[4] : undefined }
  }

  const identity = ({ id, authid, authrole }: Recorder) => ({
    publisher: id,
    publisher_authid: authid,
    publisher_authrole: authrole,
  })

  it('names the publisher who wishes it, and no other', () => {
    const alice = join(everything)
    const named = identity(alice)
    expect(publish(alice, { disclose_me: true }).details).deep.equal([
      named,
      { topic: 'a.b', ...named },
    ])
    for (const options of [{}, { disclose_me: false }, { disclose_me: null }, { disclose_me: 1 }]) {
      expect(publish(alice, options).details).deep.equal([{}, { topic: 'a.b' }])
    }
  })

  it('names the publisher, or not, as the rules of its role have it', () => {
    const asked = { disclose_me: true }
    const withRule = (publisher: 'always' | 'ignored' | 'refused') =>
      join({ ...everything, disclose: { caller: 'requested', publisher } })
    const always = withRule('always')
    expect(publish(always, {}).details[0]).deep.equal(identity(always))
    expect(publish(always, asked).details[0]).deep.equal(identity(always))
    expect(publish(withRule('ignored'), asked)).deep.equal({
      details: [{}, { topic: 'a.b' }],
      error: undefined,
    })
    const refused = withRule('refused')
    const error = 'wamp.error.option_disallowed.disclose_me'
    expect(publish(refused, { ...asked, acknowledge: true })).deep.equal({ details: [], error })
    expect(publish(refused, asked)).deep.equal({ details: [], error: undefined })
    expect(publish(refused, {}).details.length).equal(2)
  })

  it('gives the trust level of the rule, 0 included', () => {
    for (const trust_level of [0, 7]) {
      const [details] = publish(join({ ...everything, trust_level }), {}).details
      expect(details).deep.equal({ trustlevel: trust_level })
    }
  })

  it('carries the keys of payload passthru mode that were given, and no other', () => {
    const alice = join(everything, PUBLISHER_PASSES_THRU)
    const given = { ppt_scheme: 'x_own', ppt_serializer: 'cbor', ppt_keyid: 'k' }
    const { details } = publish(alice, { ...given, ppt_cipher: null, ppt_other: 'x' })
    expect(details).deep.equal([given, { topic: 'a.b', ...given }])
    expect(publish(alice, { ppt_serializer: 'cbor' }).details[0]).deep.equal({})
    expect(publish(alice, { ppt_scheme: '', ppt_keyid: 'k' }).details[0]).deep.equal({})
  })

  it('is not to be had by passthru that was not announced', () => {
    const alice = join(everything)
    const passthru = { ppt_scheme: 'wamp' }
    expect(() => publish(alice, passthru)).throws(ProtocolViolation, 'passthru')
    expect(subscriber.take()).deep.equal([])
  })

  it('is one object for all who hear by the same kind of match', () => {
    const alice = join(everything)
    subscribe('a.', 'prefix')
    subscribe('a.', 'wildcard')
    realm.receive(alice, messageOf([16, 1, { disclose_me: true }, 'a.b']))
    const [exact, ...patterns] = subscriber.messages.map(message => (message as Dict).details)
    expect(exact).deep.equal(identity(alice))
    expect(new Set(patterns).size).equal(1)
  })
})
