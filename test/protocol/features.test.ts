import { expect } from 'chai'
import {
  announcedFeatures,
  CALLEE_CANCELS,
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

describe('the features that the router announces', () => {
  it('are booleans under broker and dealer', () => {
    expect(Object.keys(ROUTER_ROLES)).deep.equal(['broker', 'dealer'])
    for (const role of Object.values(ROUTER_ROLES) as { features: Dict }[]) {
      expect(new Set(Object.values(role.features))).deep.equal(new Set([true]))
    }
  })
})
