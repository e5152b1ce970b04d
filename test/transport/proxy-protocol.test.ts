import { isIP } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { readProxyHeader } from '../../src/transport/proxy-protocol.ts'
import { proxyV2 } from '../helpers/proxy.ts'

const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'))
const REST = Buffer.from('GET / HTTP/1.1\r\n\r\n')

describe('the PROXY protocol, version 1', () => {
  it('names the address of the client', () => {
    const line = 'PROXY TCP4 192.0.2.1 192.0.2.9 56324 443\r\n'
    expect(read(`${line}rest`)).deep.equal({ length: line.length, address: '192.0.2.1' })
    expect(read('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n')).property('address', '2001:db8::1')
    expect(read('PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n')).property('address', '1.2.3.4')
    expect(read('PROXY UNKNOWN\r\n')).deep.equal({ length: 15, address: undefined })
    expect(read('PROXY UNKNOWN a b c d e f\r\n')).property('address', undefined)
  })

  it('is unsound where it is not to the letter', () => {
    const lines = [
      'PROXY TCP4 192.0.2.1 192.0.2.9 56324\r\n',
      'PROXY TCP4 192.0.2.1 192.0.2.9 56324 443 1\r\n',
      'PROXY TCP4 192.0.2.1 192.0.2.9 56324 65536\r\n',
      'PROXY TCP4 192.0.2.1 192.0.2.9 -1 443\r\n',
      'PROXY TCP4 2001:db8::1 192.0.2.9 1 2\r\n',
      'PROXY TCP6 192.0.2.1 ::1 1 2\r\n',
      'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
      'PROXY TCP4  192.0.2.1 192.0.2.9 1 2\r\n',
      'PROXY UDP4 192.0.2.1 192.0.2.9 1 2\r\n',
      'proxy TCP4 192.0.2.1 192.0.2.9 1 2\r\n',
      'PROXY \r\n',
      `PROXY TCP4 ${'1'.repeat(200)}`,
      'GET / HTTP/1.1\r\n\r\n',
      '\x7f\xf1\0\0',
    ]
    for (const line of lines) expect(read(line), line).equal('unsound')
  })
})

describe('the PROXY protocol, version 2', () => {
  it('names the address of the client', () => {
    const header = proxyV2('192.0.2.1')
    const found = { length: header.length, address: '192.0.2.1' }
    expect(readProxyHeader(Buffer.concat([header, REST]))).deep.equal(found)
    expect(readProxyHeader(proxyV2('2001:db8::1'))).property('address', '2001:db8::1')
    expect(readProxyHeader(proxyV2('::ffff:192.0.2.1'))).property('address', '192.0.2.1')
    expect(readProxyHeader(proxyV2('::'))).property('address', '::')
  })

  it('may have extensions behind the addresses', () => {
    const header = proxyV2('192.0.2.1', { extensions: Buffer.alloc(50, 4) })
    expect(readProxyHeader(header)).deep.equal({ length: header.length, address: '192.0.2.1' })
  })

  it('names nobody where the proxy speaks for itself, or for what has no such address', () => {
    const nobody = (header: Buffer) =>
      expect(readProxyHeader(header)).deep.equal({ length: header.length, address: undefined })
    nobody(proxyV2('192.0.2.1', { command: 0 }))
    nobody(proxyV2('192.0.2.1', { kind: 0x00 }))
    nobody(proxyV2('192.0.2.1', { kind: 0x31 }))
  })

  it('is unsound with another version or command, or addresses that are too short', () => {
    for (const changes of [{ version: 1 }, { version: 3 }, { command: 2 }, { kind: 0x21 }]) {
      expect(readProxyHeader(proxyV2('192.0.2.1', changes))).equal('unsound')
    }
    const long = proxyV2('192.0.2.1')
    long.writeUInt16BE(5000, 14)
    expect(readProxyHeader(long)).equal('unsound')
  })
})

describe('headers of the PROXY protocol', () => {
  const headers = fc.oneof(
    fc.oneof(fc.ipV4(), fc.ipV6()).map(address => ({ address, bytes: proxyV2(address) })),
    fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(65535)).map(([address, target, port]) => ({
      address,
      bytes: Buffer.from(`PROXY TCP4 ${address} ${target} ${port} 443\r\n`),
    })),
  )

  it('need more as long as they are not complete, and take nothing of what follows', () => {
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 50 }), ({ address, bytes }, rest) => {
        for (let i = 0; i < bytes.length; i++) {
          expect(readProxyHeader(bytes.subarray(0, i))).equal('more')
        }
        const found = readProxyHeader(Buffer.concat([bytes, rest]))
        if (typeof found === 'string') throw new Error(found)
        expect(found.length).equal(bytes.length)
        expect(isIP(found.address ?? '')).oneOf([4, 6])
        if (isIP(address) === 4) expect(found.address).equal(address)
      }),
    )
  })

  it('of any bytes are found out in a bounded number of them, without an error', () => {
    const starts = fc.constantFrom(
      '',
      'PROXY ',
      '\r\n\r\n\0\r\nQUIT\n',
      '\r\n\r\n\0\r\nQUIT\n\x21\x11',
    )
    fc.assert(
      fc.property(starts, fc.uint8Array({ minLength: 0, maxLength: 6000 }), (start, noise) => {
        const bytes = Buffer.concat([Buffer.from(start, 'latin1'), noise])
        const found = readProxyHeader(bytes)
        if (bytes.length > 16 + 4096) expect(found).not.equal('more')
        if (typeof found === 'object') expect(found.length).at.most(bytes.length)
      }),
      { numRuns: 1000 },
    )
  })
})
