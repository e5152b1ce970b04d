import { expect } from 'chai'
import { PayloadError } from '../../src/protocol/errors.ts'
import { BOUNDS, type Histogram } from '../../src/traffic/histogram.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { Scene } from './scene.ts'

describe('the time that calls take', () => {
  let traffic: Traffic
  let scene: Scene

  beforeEach(() => {
    traffic = new Traffic()
    scene = new Scene({ traffic })
    scene.register(scene.callee, 'a.b')
  })

  /** Upper bounds of the buckets that something is in, in seconds. */
  function bucketsOf({ counts }: Histogram): (number | undefined)[] {
    return [...counts.entries()].filter(([, n]) => n > 0).map(([bucket]) => BOUNDS[bucket])
  }

  it('goes from CALL to the last RESULT', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', { receive_progress: true })
    clock.pass(400)
    scene.yields(callee, 1, { progress: true })
    expect(traffic.results.count).equal(0)
    clock.pass(400)
    scene.yields(callee, 1)
    expect(bucketsOf(traffic.results)).deep.equal([1])
    expect(traffic.results.sum).equal(0.8)
    expect(traffic.errors.count).equal(0)
  })

  it('is that of errors where the call fails, whoever fails it', () => {
    const { caller, clock } = scene
    scene.call(caller, 1, 'no.body')
    scene.call(caller, 2, 'a.b')
    clock.pass(40)
    scene.cancel(caller, 2, 'skip')
    scene.call(caller, 3, 'a.b', { timeout: 2000 })
    clock.pass(2010)
    expect(bucketsOf(traffic.errors)).deep.equal([0.00005, 0.05, 2.5])
    expect([traffic.errors.count, traffic.results.count]).deep.equal([3, 0])
  })

  it('is that of an error where the result cannot be written', () => {
    const { caller, callee } = scene
    const { send } = caller
    caller.send = message => {
      if (message.type === 50) throw new PayloadError('it cannot be said')
      send.call(caller, message)
    }
    scene.call(caller, 1, 'a.b')
    scene.yields(callee, 1)
    expect([traffic.results.count, traffic.errors.count]).deep.equal([0, 1])
  })

  it('is nobody’s where the caller has left', () => {
    const { caller, callee, dealer } = scene
    scene.call(caller, 1, 'a.b')
    expect(dealer.open).equal(1)
    dealer.leave(caller)
    scene.yields(callee, 1)
    expect([traffic.results.count, traffic.errors.count]).deep.equal([0, 0])
    expect(dealer.open).equal(0)
  })
})
