import { expect } from 'chai'
import {
  announcedFeatures,
  CALLEE_CANCELS,
  CALLER_FORGETS,
  CALLER_SENDS_PARTS,
  PUBLISHER_PASSES_THRU,
  ROUTER_ROLES,
  SUBSCRIBER_HEARS_REVOCATION,
} from '../../src/protocol/features.ts'
import type { Dict } from '../../src/protocol/payload.ts'

const callee = (value: unknown): Dict => ({ callee: value })

describe('the features that a client announces', () => {
  it('are found where the specification puts them, in both spellings', () => {
    for (const name of ['call_canceling', 'call_cancelling']) {
      expect(announcedFeatures(callee({ features: { [name]: true } }))).equal(CALLEE_CANCELS)
    }
  })

  it('are found for publishers and subscribers', () => {
    const publisher = { features: { payload_passthru_mode: true } }
    const subscriber = { features: { subscription_revocation: true } }
    expect(announcedFeatures({ publisher, subscriber })).equal(
      PUBLISHER_PASSES_THRU | SUBSCRIBER_HEARS_REVOCATION,
    )
    expect(announcedFeatures({ publisher: subscriber, subscriber: publisher })).equal(0)
  })

  it('are not believed of Autobahn|Python where it cannot do what it says', () => {
    const features = { subscription_revocation: true, payload_encryption_cryptobox: true }
    expect(announcedFeatures({ subscriber: { features } })).equal(0)
  })

  it('are found directly under the role too', () => {
    expect(announcedFeatures(callee({ call_canceling: true }))).equal(CALLEE_CANCELS)
  })

  it('count only where they are true', () => {
    for (const value of [false, null, 1, 'true', {}, []]) {
      expect(announcedFeatures(callee({ features: { call_canceling: value } }))).equal(0)
    }
  })

  it('count only for the role that has them', () => {
    expect(announcedFeatures({ caller: { features: { call_canceling: true } } })).equal(0)
  })

  it('are none where roles are bare or make no sense', () => {
    for (const role of [{}, null, true, 'callee', [], { features: null }, { features: [] }]) {
      expect(announcedFeatures(callee(role))).equal(0)
    }
    expect(announcedFeatures({})).equal(0)
  })
})

describe('clients that do other than they announce', () => {
  const on = (...names: string[]) => ({
    features: Object.fromEntries(names.map(name => [name, true])),
  })
  /** What Autobahn|JS 22.11.1 and 26.3.1 say of these roles. */
  const autobahn = {
    caller: on('caller_identification', 'call_canceling', 'progressive_call_results'),
    callee: on(
      ...['caller_identification', 'pattern_based_registration', 'shared_registration'],
      ...['progressive_call_results', 'registration_revocation'],
    ),
  }
  /** What wampy 8.0.2 says. */
  const wampy = {
    caller: on(
      ...['caller_identification', 'progressive_call_results', 'call_canceling', 'call_timeout'],
      'payload_passthru_mode',
    ),
    callee: on(
      ...['caller_identification', 'call_trustlevels', 'pattern_based_registration'],
      ...['shared_registration', 'payload_passthru_mode'],
    ),
  }

  it('are Autobahn|JS, which forgets what it cancels', () => {
    expect(announcedFeatures(autobahn) & CALLER_FORGETS).equal(CALLER_FORGETS)
  })

  it('are wampy, which sends progressive calls', () => {
    expect(announcedFeatures(wampy) & CALLER_SENDS_PARTS).equal(CALLER_SENDS_PARTS)
  })

  it('are none that announce more or less than these', () => {
    for (const roles of [
      { ...autobahn, callee: on('call_canceling', ...Object.keys(autobahn.callee.features)) },
      { ...autobahn, caller: on('call_canceling') },
      { caller: autobahn.caller },
      { ...wampy, callee: {} },
      { caller: autobahn.caller, callee: wampy.callee },
    ]) {
      expect(announcedFeatures(roles) & (CALLER_FORGETS | CALLER_SENDS_PARTS)).equal(0)
    }
  })
})

describe('the features that the router announces', () => {
  it('are booleans under broker and dealer', () => {
    expect(Object.keys(ROUTER_ROLES)).deep.equal(['broker', 'dealer'])
    for (const role of Object.values(ROUTER_ROLES) as { features: Dict }[]) {
      expect(new Set(Object.values(role.features))).deep.equal(new Set([true]))
    }
  })
})
