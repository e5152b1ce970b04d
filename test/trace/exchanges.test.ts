import { expect } from 'chai'
import fc from 'fast-check'
import type { Message } from '../../src/protocol/messages.ts'
import { Exchanges } from '../../src/trace/exchanges.ts'
import { Secrets } from '../../src/trace/secrets.ts'
import { show } from '../../src/trace/show.ts'
import { messageOf } from '../helpers/recorder.ts'

const NOBODY = { realm: undefined, session: undefined, authid: undefined, authrole: undefined }
const uris = {
  subscription: (_: string, id: number) => (id === 1 ? 'a.topic' : undefined),
  registration: (_: string, id: number) => (id === 1 ? 'a.proc' : undefined),
}

describe('exchanges', () => {
  const [caller, callee, other] = [{ id: 1 }, { id: 2 }, { id: 3 }]
  let known: Exchanges
  let now = 0

  beforeEach(() => {
    known = new Exchanges(uris)
    now = 0
  })

  /** A message of a party, 1 ms after the one before. */
  function part(party: { id: number }, ...list: unknown[]) {
    const found = known.partOf(party, 'realm1', messageOf(list), ++now)
    return found && { ...found, exchange: found.exchange.name, uri: found.exchange.uri }
  }

  it('tie each answer to its request, once, and of the party that asked', () => {
    const pairs = [
      [[32, 1, {}, 'a'], [33, 1, 9], 'a'],
      [[64, 2, {}, 'b'], [65, 2, 9], 'b'],
      [[34, 3, 1], [35, 3], 'a.topic'],
      [[66, 4, 1], [67, 4], 'a.proc'],
      [[16, 5, {}, 'c'], [17, 5, 99], 'c'],
      [[48, 6, {}, 'd'], [8, 48, 6, {}, 'e'], 'd'],
    ] as const
    for (const [request, answer, uri] of pairs) {
      const begun = part(caller, ...request)
      expect(begun?.uri).equal(uri)
      expect(part(other, ...answer)).equal(undefined)
      expect(part(caller, ...answer)).include({ exchange: begun?.exchange, took: 2, uri })
      expect(part(caller, ...answer)).equal(undefined)
    }
  })

  it('follow a call with parts, progress, a cancel and another callee', () => {
    const { exchange } = part(caller, 48, 1, { progress: true }, 'a') ?? {}
    known.invoking(caller, 1, 'a', callee, now)
    expect(part(callee, 68, 1, 7, {})).include({ exchange, other: 1 })
    expect(part(caller, 48, 1, {}, 'a')?.exchange).equal(exchange)
    expect(part(callee, 68, 1, 7, {})?.exchange).equal(exchange)
    expect(part(callee, 70, 1, { progress: true })?.exchange).equal(exchange)
    expect(part(caller, 50, 1, { progress: true })).include({ exchange, other: 2 })
    expect(part(callee, 8, 68, 1, {}, 'wamp.error.unavailable')?.exchange).equal(exchange)
    known.invoking(caller, 1, 'a', other, now)
    expect(part(other, 68, 1, 7, {})?.exchange).equal(exchange)
    expect(part(caller, 49, 1, {})?.exchange).equal(exchange)
    expect(part(other, 69, 1, {})?.exchange).equal(exchange)
    expect(part(caller, 8, 48, 1, {}, 'wamp.error.canceled')).include({ exchange, other: 3 })
  })

  it('know a call whose CALL they have not seen, as the router itself makes', () => {
    known.invoking(caller, 5, 'a.b', callee, now)
    expect(part(callee, 68, 1, 7, {})).include({ uri: 'a.b', other: 1 })
    expect(part(callee, 70, 1, {})).include({ uri: 'a.b', other: 1 })
  })

  it('give an invocation to the call that it is of, though another was not sent', () => {
    known.invoking(caller, 1, 'lost', callee, now)
    known.invoking(caller, 2, 'sent', callee, now)
    expect(part(callee, 68, 1, 7, {})?.uri).equal('sent')
    expect(part(callee, 68, 2, 7, {})).equal(undefined)
  })

  it('forget the oldest when there are too many', () => {
    for (let i = 1; i <= 50_001; i++) part(caller, 32, i, {}, 'a')
    expect(part(caller, 33, 1, 9)).equal(undefined)
    expect(part(caller, 33, 2, 9)?.uri).equal('a')
  })

  it('keep no URI that is too long to be one', () => {
    const long = 'a'.repeat(8193)
    expect(part(caller, 16, 1, {}, long)?.uri).equal(long)
    expect(part(caller, 8, 16, 1, {}, 'wamp.error.invalid_uri')).include({
      uri: undefined,
      took: 1,
    })
    part(caller, 16, 2, {}, long.slice(1))
    expect(part(caller, 17, 2, 99)?.uri).equal(long.slice(1))
  })

  it('take any messages in any order, and lines show no secret of them', () => {
    const id = fc.integer({ min: 1, max: 4 })
    const uri = fc.constantFrom('a', 'b', 'hidden')
    const secret = fc.constant({ ticket: 'S3CRET', deep: [{ Password: ['S3CRET'] }] })
    const dict = fc.oneof(fc.constant({}), secret)
    const tail = fc.oneof(
      fc.constant([]),
      fc.tuple(fc.array(fc.integer())),
      fc.tuple(fc.constant([]), secret),
    )
    const list = fc.oneof(
      fc.tuple(fc.constantFrom(16, 48), id, dict, uri, tail),
      fc.tuple(fc.constantFrom(32, 64), id, dict, uri, fc.constant([])),
      fc.tuple(fc.constantFrom(17, 33, 65, 34, 66), id, id, fc.constant([])),
      fc.tuple(fc.constantFrom(50, 70), id, dict, tail),
      fc.tuple(fc.constantFrom(49, 69), id, dict, fc.constant([])),
      fc.tuple(fc.constantFrom(36, 68), id, id, dict, tail),
      fc.tuple(fc.constant(8), fc.constantFrom(48, 68, 16, 32), id, dict, uri, tail),
      fc.tuple(fc.constant(5), fc.constant('S3CRET'), secret, fc.constant([])),
      fc.tuple(fc.constant(4), fc.constant('ticket'), secret, fc.constant([])),
      fc.tuple(fc.constantFrom(1), uri, secret, fc.constant([])),
    )
    const secrets = new Secrets([{ uri: 'hidden', match: 'exact' }])
    fc.assert(
      fc.property(fc.array(fc.tuple(list, fc.boolean()), { maxLength: 30 }), steps => {
        known = new Exchanges(uris)
        for (const [parts, isCaller] of steps) {
          const wire = [...parts.slice(0, -1), ...(parts.at(-1) as unknown[])]
          const message: Message = messageOf(wire)
          const party = isCaller ? caller : callee
          const found = known.partOf(party, 'realm1', message, ++now)
          if (message.type === 68) known.invoking(caller, 1, 'hidden', callee, now)
          const line = show(
            {
              ...{
                direction: 'sent',
                type: message.type,
                message,
                bytes: 1,
                remote: '',
                time: now,
              },
              ...{ who: NOBODY, uri: found?.exchange.uri, exchange: undefined },
              ...{ took: found?.took, other: found?.other },
            },
            { payload: 'full', size: 100 },
            secrets,
          )
          expect(JSON.stringify(line)).not.contain('S3CRET')
          if (line.took !== undefined) expect(line.took).at.least(0)
        }
      }),
      { numRuns: 200 },
    )
  })
})
