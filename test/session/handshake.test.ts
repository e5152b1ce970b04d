import { expect } from 'chai'
import type { AuthMethod, Hello as Claim, Step } from '../../src/auth/auth.ts'
import type { Outlet } from '../../src/delivery/outlet.ts'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import {
  AUTHENTICATE,
  CHALLENGE,
  GOODBYE,
  HELLO,
  type Message,
  SUBSCRIBE,
} from '../../src/protocol/messages.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { Attempts } from '../../src/session/attempts.ts'
import { Handshake, type Outcome } from '../../src/session/handshake.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

const IDENTITY = {
  identity: { authid: 'joe', authrole: 'user', authprovider: 'static', authextra: { seat: 7 } },
}
const ORIGIN = {
  kind: 'websocket',
  peer: '192.0.2.7',
  protocol: 'wamp.2.json',
  secure: true,
  certificate: null,
}
const REFUSED = { refused: 'wamp.error.authentication_denied', text: 'wrong password' }

const hello = (details: Dict = {}): Message => ({
  type: HELLO,
  realm: 'realm1',
  details: { roles: {}, authmethods: ['secret'], ...details },
})
const authenticate = (signature: string, extra: Dict = {}): Message => ({
  type: AUTHENTICATE,
  signature,
  extra,
})

/** Asks for a password; `settle` may make its answers promises. */
function secret(password: string, settle: (step: Step) => Step | Promise<Step>): AuthMethod {
  return {
    name: 'secret',
    begin: claim =>
      settle({
        challenge: { for: claim.details.authid },
        answer: signature => settle(signature === password ? IDENTITY : REFUSED),
      }),
  }
}

const unlimited = new Attempts(new FakeClock(), () => ({ maxFailures: 0, backoff: 1 }))

/** A handshake with one method, and what it sent. */
function open(method: AuthMethod, ids = [11, 12, 13], attempts = unlimited) {
  const roles = [unrestricted('user', 'loose')]
  const options = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles } as const
  const realm = new Realm(options, () => 1)
  const sent: Message[] = []
  const outlet: Outlet = {
    send: message => sent.push(message),
    share: () => {
      throw new Error('nobody publishes here')
    },
  }
  const registry = {
    randomId: () => ids.shift() as number,
    realm: (name: string) => (name === 'realm1' ? realm : undefined),
    methods: () => [method],
    attempts,
  }
  return { handshake: new Handshake(registry, outlet, ORIGIN), sent, realm }
}

function welcomeOf(outcome: Outcome) {
  if (outcome === 'continue' || 'refused' in outcome) {
    throw new Error(`no WELCOME but ${JSON.stringify(outcome)}`)
  }
  return outcome
}

const WAYS: Record<string, (step: Step) => Step | Promise<Step>> = {
  'at once': step => step,
  'by promises': async step => step,
}

describe('handshake', () => {
  for (const [way, settle] of Object.entries(WAYS)) {
    describe(`with a method that answers ${way}`, () => {
      it('goes from HELLO over CHALLENGE and AUTHENTICATE to WELCOME', async () => {
        const { handshake, sent, realm } = open(secret('sesame', settle))
        expect(await handshake.receive(hello({ authid: 'joe' }))).equal('continue')
        expect(sent).deep.equal([{ type: CHALLENGE, method: 'secret', extra: { for: 'joe' } }])
        const outcome = await handshake.receive(authenticate('sesame'))
        const { session, welcome } = welcomeOf(outcome)
        expect(session.id).equal(11)
        expect(session.authid).equal('joe')
        expect(session.authrole).equal('user')
        expect(session.realm).equal(realm)
        expect(welcome.session).equal(11)
        expect(welcome.details).include({ authid: 'joe', authrole: 'user', authmethod: 'secret' })
        expect(welcome.details.authextra).deep.equal({ seat: 7 })
        expect(sent.length, 'the link sends WELCOME').equal(1)
        expect(realm.members.size, 'the link joins the session').equal(0)
      })

      it('refuses a wrong answer', async () => {
        const { handshake, sent } = open(secret('sesame', settle))
        await handshake.receive(hello())
        expect(await handshake.receive(authenticate('guess'))).deep.equal(REFUSED)
        expect(sent.length).equal(1)
      })

      it('can refuse at HELLO', async () => {
        const { handshake, sent } = open({ name: 'secret', begin: () => settle(REFUSED) })
        expect(await handshake.receive(hello())).deep.equal(REFUSED)
        expect(sent).deep.equal([])
      })

      it('can ask several times', async () => {
        const method: AuthMethod = {
          name: 'secret',
          begin: () =>
            settle({
              challenge: { round: 1 },
              answer: one =>
                settle({
                  challenge: { round: 2 },
                  answer: (two, extra) =>
                    settle(one + two + extra.three === 'abc' ? IDENTITY : REFUSED),
                }),
            }),
        }
        const { handshake, sent } = open(method)
        await handshake.receive(hello())
        expect(await handshake.receive(authenticate('a'))).equal('continue')
        const outcome = await handshake.receive(authenticate('b', { three: 'c' }))
        welcomeOf(outcome)
        const rounds = sent.map(message => (message as { extra: Dict }).extra.round)
        expect(rounds).deep.equal([1, 2])
      })

      it('takes nothing but AUTHENTICATE for an answer', async () => {
        const others: Message[] = [
          hello(),
          { type: GOODBYE, details: {}, reason: 'a.b' },
          { type: SUBSCRIBE, request: 1, options: {}, topic: 'a' },
        ]
        for (const other of others) {
          const { handshake } = open(secret('sesame', settle))
          await handshake.receive(hello())
          expect(() => handshake.receive(other)).throws(ProtocolViolation)
        }
      })
    })
  }

  it('takes no AUTHENTICATE before CHALLENGE, and one for each', async () => {
    const { handshake } = open(secret('sesame', WAYS['by promises'] as (typeof WAYS)[string]))
    expect(() => handshake.receive(authenticate('sesame'))).throws('AUTHENTICATE')
    const begun = handshake.receive(hello())
    expect(() => handshake.receive(authenticate('sesame'))).throws('AUTHENTICATE')
    expect(() => handshake.receive(hello())).throws('HELLO')
    await begun
    const settled = handshake.receive(authenticate('guess'))
    expect(() => handshake.receive(authenticate('sesame'))).throws('AUTHENTICATE')
    expect(await settled).deep.equal(REFUSED)
  })

  describe('from an address that has failed too often', () => {
    const heldBack = { refused: 'wampd.error.too_many_attempts' }
    const limited = () => new Attempts(new FakeClock(), () => ({ maxFailures: 1, backoff: 1000 }))
    const begin = (method: AuthMethod, attempts: Attempts) => open(method, [1], attempts).handshake

    it('is refused at HELLO, and no method is asked', async () => {
      const attempts = limited()
      for (let i = 0; i < 2; i++) {
        const handshake = begin({ name: 'secret', begin: () => REFUSED }, attempts)
        expect(handshake.receive(hello())).deep.equal(REFUSED)
      }
      const never: AuthMethod = { name: 'secret', begin: () => expect.fail('was asked') }
      expect(begin(never, attempts).receive(hello())).include(heldBack)
    })

    it('is refused at AUTHENTICATE too, where the challenge came before', async () => {
      const attempts = limited()
      const method = secret('sesame', step => step)
      const handshakes = Array.from({ length: 3 }, () => begin(method, attempts))
      for (const handshake of handshakes) expect(handshake.receive(hello())).equal('continue')
      const outcomes = handshakes.map(handshake => handshake.receive(authenticate('guess')))
      expect(outcomes.slice(0, 2)).deep.equal([REFUSED, REFUSED])
      expect(outcomes[2]).include(heldBack)
    })

    it('does not count what fails without its fault', () => {
      const attempts = limited()
      const failing = { refused: 'wamp.error.authentication_failed', text: '' }
      for (let i = 0; i < 5; i++) {
        const handshake = begin({ name: 'secret', begin: () => failing }, attempts)
        expect(handshake.receive(hello())).deep.equal(failing)
      }
    })
  })

  it('hands on the failure of a method', async () => {
    const failure = new Error('the database is down')
    const { handshake } = open({ name: 'secret', begin: () => Promise.reject(failure) })
    try {
      await handshake.receive(hello())
      expect.fail('did not fail')
    } catch (error) {
      expect(error).equal(failure)
    }
  })

  it('tells the method what the client claims, and where it comes from', () => {
    const claims: Claim[] = []
    const { handshake } = open({
      name: 'secret',
      begin(claim) {
        claims.push(claim)
        return IDENTITY
      },
    })
    const outcome = handshake.receive(hello({ authid: 'joe' })) as Outcome
    const [claim] = claims as [Claim]
    expect(claim.realm).equal('realm1')
    expect(claim.origin).equal(ORIGIN)
    expect(claim.details.authid).equal('joe')
    expect(claim.session).equal(welcomeOf(outcome).session.id)
  })

  it('refuses an identity whose role the realm does not have', () => {
    const stranger = { identity: { ...IDENTITY.identity, authrole: 'admin' } }
    const { handshake } = open({ name: 'secret', begin: () => stranger })
    const outcome = handshake.receive(hello())
    expect(outcome).property('refused').equal('wamp.error.no_such_role')
    expect(outcome).property('text').contain('admin')
  })

  it('gives no session an id that another of the realm has', () => {
    const { handshake, realm } = open({ name: 'secret', begin: () => IDENTITY }, [5, 5, 6])
    realm.members.set(5, {} as never)
    expect(welcomeOf(handshake.receive(hello()) as Outcome).session.id).equal(6)
  })
})
