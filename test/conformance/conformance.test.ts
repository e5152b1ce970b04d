import { expect } from 'chai'
import { announcedBy, type Finding, findings, type Target } from '../../src/conformance/run.ts'
import { isFaulty, rowOf, summaryOf } from '../../src/conformance/table.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { json } from '../../src/serializer/json.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { DOORS } from '../remote/doors.ts'
import { type Elements, faultyRouter, type Spoil } from './faulty-router.ts'

/** What no client can prove of any router. */
const UNPROVABLE = [
  'event_history',
  'publication_trustlevels',
  'subscription_revocation',
  'call_trustlevels',
  'registration_revocation',
]

/** Nothing that is to come takes long, but on a busy machine. */
const SOUND = { patience: 5000, silence: 20 }
const FAULTY = { patience: 400, silence: 50 }

async function all(target: Target, only: (feature: string) => boolean = () => true) {
  const found: Finding[] = []
  for await (const one of findings(target, await announcedBy(target), only)) found.push(one)
  return found
}

const [ABORT, GOODBYE, ERROR, PUBLISHED, EVENT, RESULT, INVOCATION, INTERRUPT] = [
  ...[3, 6, 8, 17, 36, 50, 68, 69],
]

/** Spoils messages of one type. */
function each(type: number | undefined, spoil: Spoil): Spoil {
  return (message, session) => (message[0] === type ? spoil(message, session) : message)
}

/** Takes keys out of the details of a message, at this place in it. */
function without(at: number, ...keys: string[]): Spoil {
  return message => {
    const details = Object.entries(message[at] as object).filter(([key]) => !keys.includes(key))
    return message.with(at, Object.fromEntries(details))
  }
}

const lost: Spoil = () => null
const twice: Spoil = (message, session) => {
  session.say(message)
  return message
}
/** The last of several is sent first. */
function late(): Spoil {
  let kept: Elements | null = null
  return message => {
    const before = kept
    kept = before === null ? message : null
    return before
  }
}
const error =
  (uri: string): Spoil =>
  message =>
    message.with(4, uri)

const FAULTS: readonly (readonly [string, string, Spoil])[] = [
  ['all sessions have the same id', 'opening', each(2, message => message.with(1, 1))],
  ['WELCOME without roles', 'opening', each(2, message => message.with(2, {}))],
  ['GOODBYE with another reason', 'closing', each(GOODBYE, m => m.with(2, 'wamp.close.other'))],
  [
    'ABORT is swallowed, and the connection stays',
    'violations',
    each(ABORT, (_, session) => {
      session.say([EVENT as number, 1, 1, {}])
      return null
    }),
  ],
  ['events are lost', 'subscribing and publishing', each(EVENT, lost)],
  ['events come twice', 'subscribing and publishing', each(EVENT, twice)],
  ['kwargs are lost', 'subscribing and publishing', each(EVENT, m => m.slice(0, 5))],
  ['events of another publication', 'subscribing and publishing', each(EVENT, m => m.with(2, 7))],
  [
    'PUBLISHED without being asked',
    'subscribing and publishing',
    each(EVENT, (m, session) => {
      session.say([PUBLISHED as number, 1, 1])
      return m
    }),
  ],
  ['another error', 'URIs of topics', each(ERROR, error('wamp.error.other'))],
  ['the publisher is not told', 'publisher_identification', each(EVENT, without(3, 'publisher'))],
  ['the topic is not told', 'pattern_based_subscription', each(EVENT, without(3, 'topic'))],
  ['what is retained is not marked', 'event_retention', each(EVENT, without(3, 'retained'))],
  ['the scheme is lost', 'payload_passthru_mode', each(EVENT, without(3, 'ppt_scheme'))],
  ['results are lost', 'registering and calling', each(RESULT, lost)],
  ['results come in another order', 'registering and calling', each(RESULT, late())],
  ['invocations count from 100', 'registering and calling', each(INVOCATION, m => m.with(1, 100))],
  ['no error is the right one', 'registering and calling', each(ERROR, error('a.b'))],
  ['no callee is interrupted', 'call_canceling', each(INTERRUPT, lost)],
  ['a timeout is another error', 'call_timeout', each(ERROR, error('a.b'))],
  ['the caller is not told', 'caller_identification', each(INVOCATION, without(3, 'caller'))],
  [
    'the procedure is not told',
    'pattern_based_registration',
    each(INVOCATION, without(3, 'procedure')),
  ],
  ['all results are the last', 'progressive_call_results', each(RESULT, without(2, 'progress'))],
  [
    'all parts are the last',
    'progressive_call_invocations',
    each(INVOCATION, without(3, 'progress')),
  ],
  ['there is no session', 'session_meta_api', each(RESULT, m => [...m.slice(0, 3), [[]]])],
  ['nothing is registered', 'registration_meta_api', each(RESULT, m => [...m.slice(0, 3), [null]])],
  ['nothing is subscribed', 'subscription_meta_api', each(RESULT, m => [...m.slice(0, 3), [null]])],
  ['testaments are lost', 'testament_meta_api', each(EVENT, lost)],
  ['numbers are texts', 'json', each(EVENT, m => m.with(4, (m[4] as unknown[])?.map(String)))],
]

describe('conformance', function () {
  this.timeout(60_000)
  let router: Router

  beforeEach(() => {
    router = createRouter({ development: true })
  })
  afterEach(() => router.close())

  for (const door of DOORS) {
    it(`finds nothing wrong with this router over ${door.name}`, async () => {
      const url = await door.open(router)
      // Those of TLS have a certificate of their own.
      const options = { tls: { insecure: true } }
      const found = await all({ url, realm: 'realm1', serializer: json, options, pace: SOUND })
      expect(found.filter(isFaulty).map(rowOf)).deep.equal([])
      const unproven = found.filter(({ state }) => state === 'unproven')
      expect(unproven.map(({ feature }) => feature)).deep.equal(UNPROVABLE)
      expect(found.filter(({ announced }) => announced === false)).deep.equal([])
      expect(router.status().realms[0]?.sessions).lessThan(4)
    })
  }

  for (const serializer of SERIALIZERS) {
    it(`finds nothing wrong with this router in ${serializer.name}`, async () => {
      const { url } = await router.listen({ port: 0 })
      const found = await all({ url, realm: 'realm1', serializer, options: {}, pace: SOUND })
      expect(found.filter(isFaulty).map(rowOf)).deep.equal([])
    })
  }

  it('looks at all that this router announces', async () => {
    const { url } = await router.listen({ port: 0 })
    const target = { url, realm: 'realm1', serializer: json, options: {}, pace: SOUND }
    const { features } = await announcedBy(target)
    const looked = (await all(target, () => true)).filter(({ announced }) => announced)
    const names = looked.map(({ role, feature }) => `${role} ${feature}`)
    // It is announced by the broker, too.
    expect([...names, 'broker session_meta_api']).have.members([...features])
  })

  it('counts what it found', async () => {
    const outcomes = [{ check: 'a', result: 'deviates', why: 'b' }] as const
    const one = { role: 'broker', feature: 'f', chapter: 'c', announced: true, outcomes } as const
    expect(rowOf({ ...one, state: 'fails' })).equal(
      'broker     f                               announced     FAILS    0 of 1\n  ✗ a: b',
    )
    expect(summaryOf([{ ...one, state: 'fails' }])).equal(
      '1 features: 0 works, 0 PARTLY, 1 FAILS, 0 absent, 0 unproven',
    )
  })

  describe('finds what a router does wrong:', () => {
    for (const [what, feature, spoil] of FAULTS) {
      it(what, async () => {
        const sound = await router.listen({ port: 0 })
        const faulty = await faultyRouter(sound.url, spoil)
        try {
          const target = {
            ...{ url: faulty.url, realm: 'realm1', serializer: json, options: {} },
            pace: FAULTY,
          }
          const [found] = await all(target, name => name === feature)
          expect(found?.state, rowOf(found as Finding)).oneOf(['partly', 'fails'])
        } finally {
          faulty.close()
        }
      })
    }
  })
})
