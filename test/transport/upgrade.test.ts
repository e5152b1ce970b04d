import { expect } from 'chai'
import fc from 'fast-check'
import { isOriginAllowed } from '../../src/transport/allowed-origin.ts'
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

describe('origins with wildcards', () => {
  const isAllowed = (origin: string, ...allowedOrigins: string[]) =>
    isOriginAllowed(origin, 'router.example', { allowedOrigins, trustsHostNames: true })

  it('are met by all hosts below one, and by nothing else', () => {
    const wide = 'https://*.example.com'
    for (const host of [
      'app.example.com',
      'a.b.example.com',
      'APP.Example.com',
      'a.example.com:443',
    ]) {
      expect(isAllowed(`https://${host}`, wide), host).equal(true)
    }
    const others = [
      'https://example.com',
      'https://evilexample.com',
      'https://example.com.evil.org',
    ]
    const odd = ['https://app.example.com:8443', 'http://app.example.com', 'https://.example.com.x']
    const forged = ['https://evil.org#.example.com', 'https://evil.org/.example.com', 'null']
    for (const origin of [...others, ...odd, ...forged, 'https://*.example.com@evil.org']) {
      expect(isAllowed(origin, wide), origin).equal(false)
    }
  })

  it('may leave the port open, and the usual one need not be named', () => {
    expect(isAllowed('http://app.example:3000', 'http://app.example:*')).equal(true)
    expect(isAllowed('http://app.example', 'http://app.example:*')).equal(true)
    expect(isAllowed('https://app.example', 'https://app.example:443')).equal(true)
    expect(isAllowed('https://app.example:444', 'https://app.example')).equal(false)
    expect(isAllowed('https://a.example.com:8443', 'https://*.example.com:8443')).equal(true)
  })

  it('are never an error, whatever a page says that it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (origin, pattern) => {
        expect(isAllowed(origin, pattern)).a('boolean')
      }),
    )
  })
})
