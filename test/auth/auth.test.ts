import { expect } from 'chai'
import { anonymous } from '../../src/auth/anonymous.ts'
import { type AuthMethod, chooseMethod, type Hello, type Step } from '../../src/auth/auth.ts'
import { originOf } from './suite.ts'

const hello: Hello = {
  realm: 'realm1',
  details: { authid: 'root' },
  session: 5,
  origin: originOf('::1'),
}

describe('anonymous', () => {
  const identity = () => {
    const step = anonymous('guest').begin(hello) as Step
    return 'identity' in step ? step.identity : expect.fail('no identity')
  }

  it('lets everybody in under its role', () => {
    expect(identity()).include({ authrole: 'guest', authprovider: 'static' })
  })

  it('gives each session an authid of its own, whatever it asks for', () => {
    const authids = Array.from({ length: 1000 }, () => identity().authid)
    expect(new Set(authids).size).equal(1000)
    for (const authid of authids) expect(authid).match(/^[\w-]{16}$/)
  })
})

describe('the method of authentication', () => {
  const [open, ticket, scram] = ['anonymous', 'ticket', 'scram'].map(
    (name): AuthMethod => ({ name, begin: () => expect.fail('not asked') }),
  ) as [AuthMethod, AuthMethod, AuthMethod]

  it('is the first of the client’s list that is on offer', () => {
    const authmethods = ['cryptosign', 'scram', 'ticket', 'anonymous']
    expect(chooseMethod({ authmethods }, [open, ticket, scram])).deep.equal([scram])
  })

  it('is anonymous for a client that lists none', () => {
    for (const details of [{}, { authmethods: [] }, { authmethods: null }, { authmethods: 'x' }]) {
      expect(chooseMethod(details, [ticket, open])).deep.equal([open])
      expect(chooseMethod(details, [ticket])).deep.equal([])
    }
  })

  it('is never one that the client has not listed', () => {
    for (const name of ['scram', 5, null, {}, 'ANONYMOUS']) {
      expect(chooseMethod({ authmethods: [name] }, [open, ticket])).deep.equal([])
    }
  })
})
