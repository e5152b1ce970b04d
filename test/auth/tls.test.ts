import { expect } from 'chai'
import { beginWith, type Step } from '../../src/auth/auth.ts'
import { faultsOf } from '../../src/auth/methods.ts'
import type { ClientCertificate } from '../../src/base/origin.ts'
import { DENIED, helloOf, identityOf, methods, originOf, refusalOf } from './suite.ts'

const FINGERPRINT = 'ab'.repeat(32)
const principals = {
  joe: { fingerprint: `${'AB:'.repeat(31)}AB`, role: 'user' },
  ann: { common_name: 'ann.example', role: 'admin' },
}

function come(certificate: ClientCertificate | null, authid?: string): Step {
  const origin = { ...originOf('192.0.2.7'), certificate }
  const hello = helloOf(authid === undefined ? {} : { authid }, 7, origin)
  return beginWith(methods({ tls: { principals } }), hello) as Step
}

describe('tls', () => {
  const joe = { commonName: 'ann.example?', fingerprint: FINGERPRINT }
  const ann = { commonName: 'ann.example', fingerprint: 'cd'.repeat(32) }

  it('knows users by the fingerprint of their certificate, or its name', () => {
    for (const [authid, certificate, authrole] of [
      ['joe', joe, 'user'],
      ['ann', ann, 'admin'],
    ] as const) {
      const identity = { authid, authrole, authprovider: 'static' }
      expect(identityOf(come(certificate))).deep.equal(identity)
      expect(identityOf(come(certificate, authid))).deep.equal(identity)
    }
  })

  it('denies who has no certificate, an unknown one, or that of another', () => {
    const unknown = { commonName: '', fingerprint: '00'.repeat(32) }
    for (const step of [come(null), come(null, 'joe'), come(unknown, 'joe'), come(joe, 'ann')]) {
      expect(refusalOf(step)).equal(DENIED)
    }
  })

  it('tells users by one thing, which is theirs alone', () => {
    const faults = (principals: Record<string, object>) =>
      faultsOf({ tls: { principals: principals as Record<string, { role: string }> } }, []).map(
        ({ path, text }) => `${path.join('.')}: ${text}`,
      )
    const one = 'give one of fingerprint and common_name'
    const other = 'has the certificate of another user'
    expect(
      faults({
        a: { role: 'r' },
        b: { role: 'r', common_name: 'x', fingerprint: FINGERPRINT },
        c: { role: 'r', common_name: 'x' },
        d: { role: 'r', common_name: 'x' },
        e: { role: 'r', fingerprint: FINGERPRINT },
        f: { role: 'r', fingerprint: principals.joe.fingerprint },
      }),
    ).deep.equal([
      `tls.principals.a: ${one}`,
      `tls.principals.b: ${one}`,
      `tls.principals.d: ${other}`,
      `tls.principals.f: ${other}`,
    ])
  })
})
