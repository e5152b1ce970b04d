import { expect } from 'chai'
import fc from 'fast-check'
import { isAddressOrNetwork, sourceOf, Trusted } from '../../src/base/client-address.ts'

const trusted = new Trusted(['10.0.0.0/8', '127.0.0.1', '2001:db8::/32', 'unix'])

const from = (peer: string, list: string, proto = '') =>
  sourceOf(peer, { for: list, proto }, trusted)
const remote = (peer: string, list: string) => from(peer, list).remote

describe('trusted addresses', () => {
  it('are addresses and networks of both families, and unix sockets', () => {
    for (const address of ['10.1.2.3', '127.0.0.1', '2001:db8::1', '::ffff:10.0.0.1', 'unix']) {
      expect(trusted.has(address), address).equal(true)
    }
    for (const address of ['11.0.0.1', '127.0.0.2', '2001:db9::1', '', 'x', '10.0.0.1%a']) {
      expect(trusted.has(address), address).equal(false)
    }
    expect(new Trusted([]).has('unix')).equal(false)
  })

  it('are nothing else', () => {
    for (const one of ['10.0.0.0/33', '::/129', '10.0.0/8', 'localhost', '', '10.0.0.1/', '*']) {
      expect(isAddressOrNetwork(one), one).equal(false)
    }
    for (const one of ['0.0.0.0/0', '::/0', '::1', '192.0.2.1/32']) {
      expect(isAddressOrNetwork(one), one).equal(true)
    }
    expect(() => new Trusted(['nonsense'])).throw(TypeError, 'nonsense')
  })
})

describe('the source of a request', () => {
  it('is the last address of X-Forwarded-For that is no proxy of ours', () => {
    expect(remote('10.0.0.1', '192.0.2.7')).equal('192.0.2.7')
    expect(remote('10.0.0.1', '6.6.6.6, 192.0.2.7, 10.0.0.2')).equal('192.0.2.7')
    expect(remote('10.0.0.1', '2001:db9::5')).equal('2001:db9::5')
    expect(remote('unix', '192.0.2.7')).equal('192.0.2.7')
  })

  it('is the first address where all are proxies of ours', () => {
    expect(remote('10.0.0.1', '10.0.0.3,10.0.0.2')).equal('10.0.0.3')
  })

  it('is the peer where that is no proxy of ours, whatever it says', () => {
    expect(from('192.0.2.9', '1.2.3.4', 'https')).deep.equal({
      remote: '192.0.2.9',
      secure: undefined,
    })
    expect(remote('', '1.2.3.4')).equal('')
  })

  it('may have a port, brackets, or come as IPv6 for IPv4', () => {
    expect(remote('10.0.0.1', '192.0.2.7:4711')).equal('192.0.2.7')
    expect(remote('10.0.0.1', '[2001:db9::5]:4711')).equal('2001:db9::5')
    expect(remote('10.0.0.1', '[2001:db9::5]')).equal('2001:db9::5')
    expect(remote('10.0.0.1', '::ffff:192.0.2.7')).equal('192.0.2.7')
    expect(remote('10.0.0.1', '::FFFF:10.0.0.9')).equal('10.0.0.9')
  })

  it('is what stands behind garbage', () => {
    for (const garbage of [
      '',
      'unknown',
      '_hidden',
      '1.2.3',
      '1.2.3.4.5',
      'fe80::1%eth0',
      'unix',
    ]) {
      expect(remote('10.0.0.1', garbage), garbage).equal('10.0.0.1')
      expect(remote('10.0.0.1', `6.6.6.6, ${garbage}, 10.0.0.2`), garbage).equal('10.0.0.2')
    }
  })

  it('began over TLS if the nearest proxy says so', () => {
    expect(from('10.0.0.1', '', 'https').secure).equal(true)
    expect(from('10.0.0.1', '', 'WSS').secure).equal(true)
    expect(from('10.0.0.1', '', 'https, http').secure).equal(false)
    expect(from('10.0.0.1', '', 'nonsense').secure).equal(false)
    expect(from('10.0.0.1', '').secure).equal(undefined)
  })

  it('is never an address that stands before one that is not trusted', () => {
    const list = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 6 })
    fc.assert(
      fc.property(list, fc.ipV4(), fc.ipV4(), (spoofed, client, proxy) => {
        fc.pre(!trusted.has(client))
        const header = [...spoofed, client].join(', ')
        expect(remote('10.0.0.1', header)).equal(client)
        expect(remote('10.0.0.1', `${header}, 10.0.0.2`)).equal(client)
        if (!trusted.has(proxy)) expect(remote(proxy, header)).equal(proxy)
      }),
    )
  })

  it('is an address, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string(), header => {
        expect(remote('10.0.0.1', header)).match(/^[0-9a-f.:]+$/i)
      }),
    )
  })
})
