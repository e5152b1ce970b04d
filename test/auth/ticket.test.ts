import { expect } from 'chai'
import fc from 'fast-check'
import { beginWith, chooseMethod, type Step } from '../../src/auth/auth.ts'
import type { AuthenticatorConfig } from '../../src/auth/methods.ts'
import { ticketKind } from '../../src/auth/ticket.ts'
import { begin, helloOf, methods } from './suite.ts'

const users = {
  ticket: {
    principals: {
      joe: { ticket: 'joe’s s3cret', role: 'user' },
      ann: { ticket: 'of ann', role: 'admin' },
      // JSON.parse: a literal would set the prototype.
      ...(JSON.parse('{"__proto__": {"ticket": "odd", "role": "user"}}') as object),
    },
  },
}
const more = {
  ticket: {
    principals: {
      joe: { ticket: 'other', role: 'guest' },
      sue: { ticket: 'sue’s', role: 'guest' },
    },
  },
}
const guests = { anonymous: { role: 'guest' } }
/** How far a client comes with these details and a ticket. */
async function login(
  sources: readonly AuthenticatorConfig[],
  details: object,
  ticket: string,
): Promise<Step> {
  const asked = { authmethods: ['ticket'], ...details }
  const chosen = chooseMethod(
    asked,
    sources.flatMap(source => methods(source)),
  )
  const step = await beginWith(chosen, helloOf(asked))
  return 'challenge' in step ? step.answer(ticket, {}) : step
}

const roleOf = (step: Step) => ('identity' in step ? step.identity.authrole : step)

describe('ticket', () => {
  it('lets in who has authid and ticket, with the role of that user', async () => {
    expect(await login([users], { authid: 'joe' }, 'joe’s s3cret')).deep.equal({
      identity: { authid: 'joe', authrole: 'user', authprovider: 'static' },
    })
    expect(roleOf(await login([users], { authid: 'ann' }, 'of ann'))).equal('admin')
  })

  it('takes no other ticket, however like it is', async () => {
    const near = ['', 'joe’s s3cre', 'joe’s s3cret ', 'Joe’s s3cret', 'of ann', 'joe’s s3cret\0']
    for (const ticket of near) {
      expect(await login([users], { authid: 'joe' }, ticket), ticket).property('refused')
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async ticket => {
        expect('identity' in (await login([users], { authid: 'joe' }, ticket))).equal(
          ticket === 'joe’s s3cret',
        )
      }),
    )
  })

  it('shows no difference between an unknown user and a wrong ticket', async () => {
    const begun = (authid: unknown) => begin(methods(users), { authid })
    const [known, ...unknown] = await Promise.all(
      ['joe', 'jeo', '', 'toString', 'constructor', undefined, null, 7, ['joe']].map(
        async authid => {
          const step = await begun(authid)
          return 'challenge' in step ? [step.challenge, await step.answer('wrong', {})] : step
        },
      ),
    )
    for (const one of unknown) expect(one).deep.equal(known)
    expect(JSON.stringify(known)).match(/wamp\.error\.authentication_/)
    expect(JSON.stringify(known)).not.match(/s3cret|wrong|joe/)
  })

  it('lets nobody in without an authid of its own, not even by an empty ticket', async () => {
    for (const authid of ['', 'toString', undefined, null, 7, ['joe'], { joe: 1 }]) {
      for (const ticket of ['', 'joe’s s3cret', 'undefined']) {
        expect(await login([users], { authid }, ticket)).property('refused')
      }
    }
  })

  it('knows users by whatever name, and only those', async () => {
    expect(roleOf(await login([users], { authid: '__proto__' }, 'odd'))).equal('user')
    expect(await login([more], { authid: '__proto__' }, 'odd')).property('refused')
  })

  it('bears tickets of any length, which Node’s comparison in constant time does not', async () => {
    for (const length of [0, 1, 12, 10_000]) {
      expect(await login([users], { authid: 'joe' }, 'x'.repeat(length))).property('refused')
    }
  })

  it('tells whom it lets in, and where that is written', () => {
    expect(ticketKind.principals(more.ticket)).deep.equal([
      { authid: 'joe', role: 'guest', path: ['principals', 'joe', 'role'] },
      { authid: 'sue', role: 'guest', path: ['principals', 'sue', 'role'] },
    ])
  })
})

describe('two authenticators with ticket', () => {
  it('know the users of both', async () => {
    expect(roleOf(await login([users, more], { authid: 'ann' }, 'of ann'))).equal('admin')
    expect(roleOf(await login([users, more], { authid: 'sue' }, 'sue’s'))).equal('guest')
  })

  it('leave a user whom both know to the first', async () => {
    expect(roleOf(await login([users, more], { authid: 'joe' }, 'joe’s s3cret'))).equal('user')
    expect(await login([users, more], { authid: 'joe' }, 'other')).property('refused')
    expect(roleOf(await login([more, users], { authid: 'joe' }, 'other'))).equal('guest')
  })

  it('refuse whom neither knows as one alone does', async () => {
    const alone = await login([users], { authid: 'bob' }, 'x')
    expect(await login([users, more], { authid: 'bob' }, 'x')).deep.equal(alone)
  })
})

describe('ticket beside anonymous', () => {
  const both = [guests, users]
  const by = (authmethods: string[] | undefined, ticket = 'joe’s s3cret') =>
    login(both, { authid: 'joe', authmethods }, ticket)

  it('is used where the client lists it first, or alone', async () => {
    expect(roleOf(await by(['ticket', 'anonymous']))).equal('user')
    expect(roleOf(await by(['ticket']))).equal('user')
    expect(roleOf(await by(['wampcra', 'ticket', 'anonymous']))).equal('user')
  })

  it('is not used where the client lists anonymous first, or nothing', async () => {
    expect(roleOf(await by(['anonymous', 'ticket']))).equal('guest')
    expect(roleOf(await by(undefined))).equal('guest')
    expect(roleOf(await by([]))).equal('guest')
  })

  it('does not fall back to anonymous after a wrong ticket', async () => {
    expect(await by(['ticket', 'anonymous'], 'wrong')).property('refused')
  })

  it('is never put in the place of what the client has listed', async () => {
    expect(await by(['wampcra'])).property('refused')
    expect(
      await login([users], { authid: 'joe', authmethods: ['anonymous'] }, 'joe’s s3cret'),
    ).property('refused')
  })
})
