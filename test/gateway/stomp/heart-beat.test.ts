import { expect } from 'chai'
import { beatsOf, HeartBeat } from '../../../src/gateway/stomp/heart-beat.ts'
import { Refusal } from '../../../src/gateway/stomp/refusal.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

const offer = { canSend: 1000, wants: 10_000 }

describe('heart-beats of STOMP', () => {
  it('are as slow as the slower side wishes, and none where one side has none', () => {
    expect(beatsOf(undefined, offer)).deep.equal({ outgoing: 0, incoming: 0 })
    expect(beatsOf('0,0', offer)).deep.equal({ outgoing: 0, incoming: 0 })
    expect(beatsOf('5000,0', offer)).deep.equal({ outgoing: 0, incoming: 10_000 })
    expect(beatsOf('20000,500', offer)).deep.equal({ outgoing: 1000, incoming: 20_000 })
    expect(beatsOf('0,4000', offer)).deep.equal({ outgoing: 4000, incoming: 0 })
    for (const wrong of ['', '1', '1,', 'a,b', '-1,0', '1,2,3', '1.5,0', ' 1,2']) {
      expect(() => beatsOf(wrong, offer), wrong).throw(Refusal)
    }
  })

  it('go out in time, and find out a client that has none', () => {
    const clock = new FakeClock()
    let [sent, dead] = [0, 0]
    const beat = new HeartBeat(
      clock,
      { outgoing: 1000, incoming: 2000 },
      () => sent++,
      () => dead++,
    )
    clock.pass(10_000 - 1)
    expect(sent).equal(11)
    expect(dead).greaterThan(0)
    beat.stop()
    expect(clock.pending).equal(0)
    const living = new HeartBeat(
      clock,
      { outgoing: 0, incoming: 2000 },
      () => sent++,
      () => expect.fail('it was alive'),
    )
    for (let i = 0; i < 10; i++) {
      living.heard = true
      clock.pass(3000)
    }
    living.stop()
    expect(sent).equal(11)
  })
})
