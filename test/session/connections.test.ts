import { expect } from 'chai'
import fc from 'fast-check'
import { Connections } from '../../src/session/connections.ts'

describe('the connections of a port', () => {
  let limits = { maxConnections: 100, maxPerAddress: 2 }
  let connections: Connections
  beforeEach(() => {
    limits = { maxConnections: 100, maxPerAddress: 2 }
    connections = new Connections(() => limits)
  })

  it('are not more than a number of them', () => {
    limits = { maxConnections: 2, maxPerAddress: 0 }
    const [one, other, surplus] = [{}, {}, {}]
    expect(connections.enter(one, '192.0.2.1')).equal(undefined)
    expect(connections.enter(other, '192.0.2.1')).equal(undefined)
    expect(connections.enter(surplus, '192.0.2.2')).equal('too many connections')
    connections.leave(surplus)
    expect(connections.enter(surplus, '192.0.2.2'), 'it was not in').equal('too many connections')
    connections.leave(one)
    expect(connections.enter(surplus, '192.0.2.2')).equal(undefined)
  })

  it('are not more of one address, or network of IPv6, and others go on', () => {
    for (const address of ['192.0.2.1', '2001:db8:1:2::1']) {
      const same = address.replace(/^2001.*/, '2001:db8:1:2:3:4:5:6')
      expect(connections.enter({}, address)).equal(undefined)
      expect(connections.enter({}, same)).equal(undefined)
      expect(connections.enter({}, same)).equal('too many connections from this address')
    }
    expect(connections.enter({}, '192.0.2.2')).equal(undefined)
    expect(connections.enter({}, '2001:db8:1:3::1')).equal(undefined)
  })

  it('are as many as there are of this machine: a proxy may stand there', () => {
    for (const address of [
      '127.0.0.1',
      '127.0.0.2',
      '::1',
      '::ffff:127.0.0.1',
      '127.0.0.1',
      'unix',
      'unix',
      'unix',
    ]) {
      expect(connections.enter({}, address), address).equal(undefined)
    }
  })

  it('stay where the limits become lower, and none comes until they keep to them', () => {
    const all = [{}, {}, {}]
    limits = { maxConnections: 100, maxPerAddress: 3 }
    for (const one of all) expect(connections.enter(one, '192.0.2.1')).equal(undefined)
    limits = { maxConnections: 100, maxPerAddress: 1 }
    for (const one of all) {
      expect(connections.enter({}, '192.0.2.1')).equal('too many connections from this address')
      connections.leave(one)
    }
    expect(connections.enter({}, '192.0.2.1')).equal(undefined)
  })

  it('never are too many, and never too few once all have left', () => {
    const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9), address)), steps => {
        limits = { maxConnections: 5, maxPerAddress: 2 }
        connections = new Connections(() => limits)
        const open = new Map<number, string>()
        for (const [enters, link, address] of steps) {
          if (!enters) {
            connections.leave(link)
            open.delete(link)
          } else if (!open.has(link)) {
            const others = [...open.values()].filter(one => one === address).length
            const fits = open.size < 5 && others < 2
            expect(connections.enter(link, address) === undefined).equal(fits)
            if (fits) open.set(link, address)
          }
        }
      }),
    )
  })
})
