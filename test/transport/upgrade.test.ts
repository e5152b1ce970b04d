import { expect } from 'chai'
import { answerUpgrade } from '../../src/transport/upgrade.ts'
import { siteOf } from '../helpers/site.ts'

/** The status that a page of `origin` gets when it asks for a router at `host`. */
function answer(origin: string, host: string, trustsHostNames: boolean): string {
  const site = siteOf({}, { trustsHostNames })
  const request = { path: '/ws', protocols: 'wamp.2.json', origin, host, version: '13' }
  const answered = answerUpgrade(request, site)
  return 'status' in answered ? answered.status : '101'
}

describe('pages of the same host', () => {
  it('may connect by name to a router that is configured', () => {
    expect(answer('https://app.example', 'app.example:8080', true)).equal('101')
    expect(answer('https://app.example', 'other.example:8080', true)).equal('403 Forbidden')
  })

  it('may not connect by name in development: a name can be led to loopback', () => {
    expect(answer('http://evil.example:8080', 'evil.example:8080', false)).equal('403 Forbidden')
  })

  it('may connect by address in development', () => {
    expect(answer('http://192.168.1.5:3000', '192.168.1.5:8080', false)).equal('101')
    expect(answer('http://[fe80::1]:3000', '[fe80::1]:8080', false)).equal('101')
    expect(answer('http://localhost:3000', '127.0.0.1:8080', false)).equal('101')
  })
})
