import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import type { Step } from '../../src/auth/auth.ts'
import { signer } from '../../src/auth/cryptosign.ts'
import {
  type Ask,
  type AuthRequest,
  type DynamicMethod,
  dynamicMethods,
  inTime,
} from '../../src/auth/dynamic.ts'
import { faultsOf, methodsOf } from '../../src/auth/methods.ts'
import { scramSecret } from '../../src/auth/secrets.ts'
import { WampError } from '../../src/protocol/errors.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import {
  answer,
  begin,
  challengeOf,
  DENIED,
  describeFuzz,
  identityOf,
  refusalOf,
  surroundings,
} from './suite.ts'

const TRANSPORT = { type: 'websocket', protocol: 'wamp.2.json', peer: '192.0.2.7', secure: true }
const FAILED = 'wamp.error.authentication_failed'
const joe = signer('ab'.repeat(32))

/** A HELLO that is sound for all methods. */
const HELLO = { authid: 'joe', authextra: { pubkey: joe.pubkey, nonce: 'Y2xpZW50' } }
const PLAIN = { authid: 'joe', authrole: 'user', authprovider: 'dynamic' }

function come(method: DynamicMethod, ask: Ask, details: Dict = HELLO): Promise<Step> {
  return begin(dynamicMethods([method], ask, surroundings()), details)
}

describe('an application that is asked who a client is', () => {
  it('is told what the client says', async () => {
    const requests: AuthRequest[] = []
    await come('wampcra', request => requests.push(request) && null)
    await come('anonymous', request => requests.push(request) && null, { authid: '' })
    const common = { realm: 'realm1', session: 7, transport: TRANSPORT }
    expect(requests).deep.equal([
      { ...common, ...HELLO, authmethod: 'wampcra' },
      { ...common, authid: undefined, authextra: {}, authmethod: 'anonymous' },
    ])
  })

  describe('by ticket', () => {
    const ask: Ask = ({ ticket, authid }) => (ticket === `${authid}!` ? 'user' : null)

    it('judges the ticket', async () => {
      const step = await come('ticket', ask)
      expect(challengeOf(step)).deep.equal({})
      expect(identityOf(await answer(step, 'joe!'))).deep.equal(PLAIN)
      expect(refusalOf(await answer(step, 'guess'))).equal(DENIED)
    })

    it('may give authid and extra', async () => {
      const step = await come('ticket', () => ({ role: 'user', authid: 'joe@b', extra: { a: 1 } }))
      expect(identityOf(await answer(step, ''))).deep.equal({
        ...{ ...PLAIN, authid: 'joe@b', authextra: { a: 1 } },
      })
    })
  })

  it('gives anonymous clients a role, and an authid of their own', async () => {
    const [one, other] = [
      await come('anonymous', () => 'guest'),
      await come('anonymous', () => 'guest'),
    ]
    expect(identityOf(one).authrole).equal('guest')
    expect(identityOf(one).authid).not.equal(identityOf(other).authid)
    expect(refusalOf(await come('anonymous', () => null))).equal(DENIED)
  })

  it('gives the secret for wampcra', async () => {
    const step = await come('wampcra', () => ({ role: 'user', secret: 'key', salt: 'abc' }))
    const { challenge, ...salting } = challengeOf(step)
    expect(salting).deep.equal({ salt: 'abc', iterations: 1000, keylen: 32 })
    const right = createHmac('sha256', 'key').update(String(challenge)).digest('base64')
    expect(identityOf(await answer(step, right))).deep.equal(PLAIN)
    expect(refusalOf(await answer(step, 'guess'))).equal(DENIED)
  })

  for (const method of ['scram', 'wamp-scram'] as const) {
    it(`gives the keys for ${method}`, async () => {
      const keys = await scramSecret('x', { method, kdf: 'pbkdf2', iterations: 3, memory: 0 })
      const step = await come(method, () => ({ role: 'user', ...keys }))
      expect(challengeOf(step)).include({ salt: keys.salt, iterations: 3, kdf: 'pbkdf2' })
      expect(refusalOf(await answer(step, 'guess'))).equal(DENIED)
    })
  }

  describe('by cryptosign', () => {
    const settle = async (ask: Ask, key = joe) => {
      const step = await come('cryptosign', ask)
      return answer(step, key.sign(String(challengeOf(step).challenge)))
    }

    it('takes a key by giving a role, or tells which keys it takes', async () => {
      expect(identityOf(await settle(() => 'user'))).deep.equal(PLAIN)
      const authorized_keys = ['00'.repeat(32), joe.pubkey.toUpperCase()]
      expect(identityOf(await settle(() => ({ role: 'user', authorized_keys })))).deep.equal(PLAIN)
    })

    it('lets in nobody without the private key, or with another', async () => {
      expect(refusalOf(await settle(() => 'user', signer('01'.repeat(32))))).equal(DENIED)
      const authorized_keys = ['00'.repeat(32)]
      expect(refusalOf(await settle(() => ({ role: 'user', authorized_keys })))).equal(DENIED)
      expect(refusalOf(await settle(() => null))).equal(DENIED)
    })

    it('takes the key for an authid where none is given', async () => {
      const step = await come('cryptosign', () => 'user', { authextra: { pubkey: joe.pubkey } })
      const signed = joe.sign(String(challengeOf(step).challenge))
      expect(identityOf(await answer(step, signed)).authid).equal(joe.pubkey)
    })
  })

  it('is not asked about a HELLO that does not do', async () => {
    const ask: Ask = () => expect.fail('was asked')
    for (const method of ['cryptosign', 'scram', 'wamp-scram'] as const) {
      expect(refusalOf(await come(method, ask, { authid: 'joe' })), method).equal(DENIED)
    }
  })

  describe('that errs', () => {
    /** What the client sees, with the method that asks at HELLO and the one that asks later. */
    async function outcomes(ask: Ask): Promise<Step[]> {
      return [await come('wampcra', ask), await answer(await come('ticket', ask), 'x')]
    }

    const meant = [
      'com.example.locked',
      'wampd.x',
      DENIED,
      'wamp.error.no_such_principal',
      'wamp.error.not_authorized',
    ]
    for (const uri of meant) {
      it(`refuses the client with its own URI: ${uri}`, async () => {
        const ask = () => Promise.reject(new WampError(uri, ['come back later']))
        for (const step of await outcomes(ask)) {
          expect(step).deep.equal({ refused: uri, text: 'come back later' })
        }
      })
    }

    const accidents = ['no_such_procedure', 'canceled', 'timeout', 'runtime_error', 'no_such_realm']
    for (const name of accidents) {
      it(`has failed with wamp.error.${name}`, async () => {
        const ask = () => Promise.reject(new WampError(`wamp.error.${name}`, ['secret text']))
        for (const step of await outcomes(ask)) {
          expect(step).deep.equal({ refused: FAILED, text: 'the authenticator failed' })
        }
      })
    }

    const answers: Record<string, unknown> = {
      'a number': 7,
      'a list': ['user'],
      'an empty text': '',
      'no role': { secret: 'x' },
      'a role that is no text': { role: 7, secret: 'x' },
      'an authid that is no text': { role: 'user', authid: 7, secret: 'x' },
      'an extra that is no dict': { role: 'user', extra: 7, secret: 'x' },
      'another realm': { role: 'user', realm: 'realm2', secret: 'x' },
    }
    for (const [what, value] of Object.entries(answers)) {
      it(`has failed where it answers ${what}`, async () => {
        for (const step of await outcomes(() => value)) expect(refusalOf(step)).equal(FAILED)
      })
    }

    it('has failed where the answer lacks what the method needs', async () => {
      const cases: [DynamicMethod, unknown][] = [
        ['wampcra', 'user'],
        ['wampcra', { role: 'user', secret: 7 }],
        ['scram', { role: 'user', salt: 'YWJj' }],
        ['wamp-scram', 'user'],
        ['cryptosign', { role: 'user', authorized_keys: 'all' }],
      ]
      for (const [method, value] of cases) {
        expect(refusalOf(await come(method, () => value)), method).equal(FAILED)
      }
    })

    it('has failed where it throws', async () => {
      for (const step of await outcomes(() => expect.fail('oh'))) {
        expect(refusalOf(step)).equal(FAILED)
      }
    })
  })

  for (const method of ['ticket', 'wampcra', 'wamp-scram', 'cryptosign'] as const) {
    describe(`by ${method}, with any input`, () => {
      const scram = { kdf: 'pbkdf2', salt: 'YWJj', iterations: 1 }
      const keys = { stored_key: `${'A'.repeat(43)}=`, server_key: `${'A'.repeat(43)}=` }
      const known = { role: 'user', authid: 'joe', secret: 'key', ...scram, ...keys }
      // No ticket is right.
      const ask: Ask = request => (request.authmethod === 'ticket' ? null : known)
      describeFuzz(() => dynamicMethods([method], ask, surroundings()), HELLO)
    })
  }

  it('has its time', async () => {
    const clock = new FakeClock()
    const late = inTime(() => new Promise(() => {}), 50, clock)
    const step = come('wampcra', late)
    clock.pass(50)
    expect(refusalOf(await step)).equal(FAILED)
    const prompt = come(
      'anonymous',
      inTime(() => 'user', 50, clock),
    )
    expect(identityOf(await prompt).authrole).equal('user')
    expect(clock.pending).equal(0)
  })

  it('is asked in methods that there are', () => {
    expect(() => dynamicMethods(['tls' as never], () => null, surroundings())).throws('tls')
  })
})

describe('an authenticator of type dynamic', () => {
  const dynamic = {
    ...{ procedure: 'com.example.authenticate', realm: 'backend', timeout: 5000 },
    methods: ['ticket', 'wampcra'] as DynamicMethod[],
  }

  it('calls its procedure with realm, authid and details', async () => {
    const calls: unknown[] = []
    const around = {
      ...surroundings(),
      call: async (...call: unknown[]) => {
        calls.push(call)
        return 'user'
      },
    }
    const [ticket] = methodsOf({ dynamic }, around)
    const step = await begin([ticket as NonNullable<typeof ticket>], HELLO)
    expect(identityOf(await answer(step, 'sesame'))).deep.equal(PLAIN)
    const details = {
      ...{ authmethod: 'ticket', authextra: HELLO.authextra, session: 7, ticket: 'sesame' },
      transport: TRANSPORT,
    }
    expect(calls).deep.equal([
      ['backend', 'com.example.authenticate', ['realm1', 'joe', details], 5000],
    ])
  })

  it('needs the realm that it names', () => {
    expect(faultsOf({ dynamic }, ['backend'])).deep.equal([])
    expect(faultsOf({ dynamic }, ['realm1'])).deep.equal([
      { path: ['dynamic', 'realm'], text: 'there is no realm', value: 'backend' },
    ])
  })
})
