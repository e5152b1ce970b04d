import { expect } from 'chai'
import { Occupancy } from '../../../src/gateway/bridge/occupancy.ts'

describe('the requests that are open at a bridge', () => {
  it('count for their address, or for the network that gets it among 2 ** 64', () => {
    const open = new Occupancy()
    for (const address of ['192.0.2.1', '2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6']) {
      open.enter(address)
    }
    expect(open.of('192.0.2.1')).equal(1)
    expect(open.of('192.0.2.2')).equal(0)
    expect(open.of('2001:db8:1:2::7')).equal(2)
    open.leave('2001:db8:1:2::1')
    expect(open.of('2001:db8:1:2::7')).equal(1)
    expect(open.all).equal(2)
  })

  it('count for none of the addresses of this machine', () => {
    const open = new Occupancy()
    for (const address of ['127.0.0.1', '::1', 'unix']) {
      open.enter(address)
      expect(open.of(address), address).equal(0)
    }
    expect(open.all).equal(3)
  })
})
