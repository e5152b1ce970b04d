import { expect } from 'chai'
import fc from 'fast-check'
import {
  type AuthMethod,
  beginWith,
  type Hello,
  type Identity,
  type Step,
  type Surroundings,
} from '../../src/auth/auth.ts'
import { type AuthenticatorConfig, methodsOf } from '../../src/auth/methods.ts'
import { Counters } from '../../src/base/counters.ts'
import type { Origin } from '../../src/base/origin.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

/** A connection over TLS from an address. */
export function originOf(peer: string): Origin {
  return { kind: 'websocket', peer, protocol: 'wamp.2.json', secure: true, certificate: null }
}

export const DENIED = 'wamp.error.authentication_denied'

/** A HELLO with these details. */
export function helloOf(details: Dict, session = 7, origin: Origin = originOf('192.0.2.7')): Hello {
  return { realm: 'realm1', details, session, origin }
}

/** The methods of an authenticator under a clock that stands still. */
export function methods(
  keys: AuthenticatorConfig,
  clock: FakeClock = new FakeClock(),
): AuthMethod[] {
  return methodsOf(keys, surroundings(clock))
}

/** What methods ask of a router that has no procedures. */
export function surroundings(clock: FakeClock = new FakeClock()): Surroundings {
  const call = () => Promise.reject(new Error('nobody to call'))
  return { clock, log: errorLog(), counters: new Counters(), call }
}

/** Begins with the one method of an authenticator. */
export async function begin(sources: readonly AuthMethod[], details: Dict): Promise<Step> {
  return beginWith(sources, helloOf(details))
}

export function challengeOf(step: Step): Dict {
  return 'challenge' in step ? step.challenge : expect.fail(`no challenge: ${JSON.stringify(step)}`)
}

export async function answer(step: Step, signature: string, extra: Dict = {}): Promise<Step> {
  return 'challenge' in step
    ? step.answer(signature, extra)
    : expect.fail(`no challenge: ${JSON.stringify(step)}`)
}

export function identityOf(step: Step): Identity {
  return 'identity' in step ? step.identity : expect.fail(`not let in: ${JSON.stringify(step)}`)
}

export function refusalOf(step: Step): string {
  return 'refused' in step ? step.refused : expect.fail('was not refused')
}

/** What no client may bring about: whatever it sends, it is refused or asked, and nothing throws. */
export function describeFuzz(sources: () => readonly AuthMethod[], sound: Dict): void {
  const anyDetails = fc.record(
    {
      authid: fc.oneof(fc.constant(sound.authid), fc.anything()),
      authextra: fc.oneof(
        fc.anything(),
        fc.dictionary(
          fc.constantFrom('nonce', 'pubkey', 'challenge', 'channel_binding'),
          fc.anything(),
        ),
        fc.constant(sound.authextra),
      ),
    },
    { requiredKeys: [] },
  )
  const anySignature = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc
      .array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: 190, maxLength: 194 })
      .map(x => x.join('')),
  )

  it('lets nobody in and does not fail, whatever HELLO and AUTHENTICATE hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyDetails,
        anySignature,
        fc.dictionary(fc.string(), fc.anything()),
        async (details, signature, extra) => {
          const step = await begin(sources(), details as Dict)
          const last = 'challenge' in step ? await step.answer(signature, extra) : step
          expect(refusalOf(last)).equal(DENIED)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('takes a HELLO as it should be', async () => {
    challengeOf(await begin(sources(), sound))
  })
}
