import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import type { PubSubOptions } from '../../src/broker/options.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { type Role, unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

/** A realm, and what the tests of its meta API say to it. */
export class RealmWithAdmin {
  readonly clock = new FakeClock()
  readonly realm: Realm
  readonly admin: Recorder
  #request = 0

  constructor(pubsub: PubSubOptions = {}) {
    const options = {
      name: 'realm1',
      uriCheck: 'loose',
      strictRequestIds: false,
      roles: [],
    } as const
    this.realm = new Realm({ ...options, pubsub, clock: this.clock }, randomId)
    this.admin = this.join({ role: unrestricted('admin', 'loose') })
  }

  join(who: { id?: number; authid?: string; role?: Role; features?: number } = {}): Recorder {
    const member = new Recorder(who)
    this.realm.join(member)
    return member
  }

  /** Sends a message and gives the answers. */
  say(member: Recorder, type: number, ...elements: unknown[]): unknown[][] {
    this.realm.receive(member, messageOf([type, ++this.#request, ...elements]))
    return member.take()
  }

  /** Subscribes and gives the subscription's id. */
  subscribe(member: Recorder, topic: string, options: Dict = {}): number {
    const [answer] = this.say(member, 32, options, topic)
    expect(answer?.[0], `${answer}`).equal(33)
    return answer?.[2] as number
  }

  publish(member: Recorder, topic: string, options: Dict = {}, ...payload: unknown[]): void {
    expect(this.say(member, 16, options, topic, ...payload)).deep.equal([])
  }

  /** Publishes and gives the publication's id. */
  acknowledged(member: Recorder, topic: string, options: Dict = {}, ...payload: unknown[]): number {
    const [answer] = this.say(member, 16, { ...options, acknowledge: true }, topic, ...payload)
    expect(answer?.[0], `${answer}`).equal(17)
    return answer?.[2] as number
  }

  /** What a call is answered with: args of the result and its kwargs, or the error's URI. */
  call(member: Recorder, procedure: string, ...payload: unknown[]): unknown {
    const [answer] = this.say(member, 48, {}, procedure, ...payload) as [unknown[]]
    if (answer[0] !== 50) return answer[4]
    return answer[4] === undefined ? (answer[3] ?? []) : { args: answer[3], kwargs: answer[4] }
  }
}
