import { expect } from 'chai'
import { Counters } from '../../src/base/counters.ts'
import { randomId } from '../../src/base/ids.ts'
import {
  CALLEE_CANCELS,
  CALLEE_PROGRESSES,
  CALLEE_TAKES_PARTS,
  CALLER_SENDS_PARTS,
} from '../../src/protocol/features.ts'
import { Role, Rules } from '../../src/realm/authorize.ts'
import type { Authorizer } from '../../src/realm/authorizer.ts'
import { LIMIT_DEFAULTS, type Limits } from '../../src/realm/limits.ts'
import { Realm } from '../../src/realm/realm.ts'
import { Session } from '../../src/session/session.ts'
import { originOf } from '../auth/suite.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

const allow = { call: true, register: true, publish: true, subscribe: true }
const everything = [{ uri: '', match: 'prefix', allow }] as const
const OVER = 'wampd.error.rate_exceeded'
const ALL = CALLEE_CANCELS | CALLEE_PROGRESSES | CALLEE_TAKES_PARTS | CALLER_SENDS_PARTS
const LARGE = 'wamp.error.payload_size_exceeded'

interface Client {
  /** Sends a message of so many bytes. */
  send(list: readonly unknown[], size?: number): void
  /** What has come: the type of each, and the URI of errors. */
  take(): unknown[]
  readonly killed: unknown[][]
}

describe('what a session sends', () => {
  let clock: FakeClock
  let counters: Counters
  let realm: Realm
  let role: Role
  let lastId: number

  beforeEach(() => {
    clock = new FakeClock()
    counters = new Counters()
    lastId = 0
    const facts = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false } as const
    realm = new Realm({ ...facts, roles: [], clock, counters }, randomId)
    role = new Role('user', rulesWith({}))
  })

  function rulesWith(limits: Partial<Limits>, authorizer?: Authorizer): Rules {
    const whole = { ...LIMIT_DEFAULTS, burst: 1000, ...limits }
    return new Rules(authorizer === undefined ? everything : [], 'loose', {
      limits: whole,
      authorizer,
    })
  }

  function join(features = ALL, of = role): Client {
    const recorder = new Recorder()
    const { details } = recorder
    const origin = originOf('192.0.2.7')
    const who = { authid: 'joe', role: of, features, details, origin }
    const session = new Session(realm, ++lastId, who, recorder)
    const killed: unknown[][] = []
    session.kill = (...why) => {
      killed.push(why)
      realm.leave(session)
    }
    realm.join(session)
    return {
      send(list, size = 0) {
        // The link hears nothing more of a session that was killed.
        if (killed.length === 0) session.receive(messageOf(list), size)
      },
      take: () => recorder.take().map(list => (list[0] === 8 ? list[4] : list[0])),
      killed,
    }
  }

  it('is refused beyond the rate, by kind, and passes again in time', () => {
    role.rules = rulesWith({ message_rate: 1 })
    const client = join()
    client.send([32, 1, {}, 'a'])
    client.send([32, 2, {}, 'b'])
    expect(client.take()).deep.equal([33, OVER])
    for (const request of [
      [48, 3, {}, 'a'],
      [64, 4, {}, 'a'],
      [16, 5, { acknowledge: true }, 'a'],
    ]) {
      clock.pass(2000)
      client.send([32, 9, {}, 'c'])
      client.send(request)
      expect(client.take()).deep.equal([33, OVER])
    }
    clock.pass(2000)
    client.send([32, 6, {}, 'd'])
    expect(client.take()).deep.equal([33])
    expect(client.killed).deep.equal([])
    expect(counters.all().rate_refused).equal(4)
    expect(realm.load.refused).equal(4)
  })

  it('is not delivered beyond the rate, also where nobody asked for an answer', () => {
    role.rules = rulesWith({ message_rate: 1 })
    const [client, other] = [join(), join()]
    other.send([32, 1, {}, 'a'])
    client.send([16, 1, {}, 'a'])
    client.send([16, 2, {}, 'a'])
    expect(other.take()).deep.equal([33, 36])
    expect(client.take()).deep.equal([])
    expect(counters.all().rate_refused).equal(1)
  })

  it('ends the session when it goes on, and harms no other', () => {
    role.rules = rulesWith({ message_rate: 2 })
    const [client, other] = [join(), join()]
    other.send([32, 1, {}, 'a'])
    client.send([32, 1, {}, 'a'])
    for (let i = 0; i < 5; i++) client.send([16, 2, {}, 'a'])
    expect(client.killed.map(([reason]) => reason)).deep.equal(['wampd.close.rate_exceeded'])
    expect(counters.all().floods).equal(1)
    other.send([32, 2, {}, 'b'])
    expect(other.take()).deep.equal([33, 36, 33])
    expect(realm.load.subscriptions).equal(2)
  })

  it('is measured in bytes too', () => {
    role.rules = rulesWith({ byte_rate: 100 })
    const client = join()
    client.send([32, 1, {}, 'a'], 90)
    client.send([32, 2, {}, 'b'], 20)
    clock.pass(200)
    client.send([32, 3, {}, 'c'], 10)
    expect(client.take()).deep.equal([33, OVER, 33])
  })

  it('passes all the same where others wait for it, or it gives something up', () => {
    role.rules = rulesWith({ message_rate: 1 })
    const [caller, callee] = [join(), join()]
    callee.send([64, 1, {}, 'a'])
    caller.send([48, 1, {}, 'a'])
    expect(callee.take()).deep.equal([65, 68])
    callee.send([70, 1, {}])
    expect(caller.take(), 'YIELD').deep.equal([50])
    clock.pass(3000)
    caller.send([48, 2, {}, 'a'])
    callee.take()
    caller.send([49, 2, {}])
    expect(caller.take(), 'CANCEL').deep.equal(['wamp.error.canceled'])
    callee.send([66, 2, 1])
    callee.send([66, 3, 1])
    expect(callee.take(), 'UNREGISTER').deep.equal([69, 67, 'wamp.error.no_such_registration'])
    expect(counters.all().rate_refused).equal(0)
  })

  it('ends the progressive call that it is a part of, once, and stops its callee', () => {
    const [caller, callee] = [join(), join()]
    callee.send([64, 1, {}, 'a'])
    caller.send([48, 1, { progress: true }, 'a'])
    callee.take()
    role.rules = rulesWith({ message_rate: 0.001 })
    caller.send([32, 2, {}, 'a'])
    caller.send([48, 1, { progress: true }, 'a'])
    expect(caller.take()).deep.equal([33, OVER])
    expect(callee.take()).deep.equal([69])
    caller.send([48, 1, {}, 'a'])
    expect(caller.take(), 'what comes late').deep.equal([])
  })

  it('has other limits from a reload on', () => {
    const client = join()
    for (let i = 0; i < 100; i++) client.send([16, 1, {}, 'a'])
    role.rules = rulesWith({ message_rate: 1 })
    client.send([32, 1, {}, 'a'])
    client.send([32, 2, {}, 'a'])
    role.rules = rulesWith({})
    client.send([32, 3, {}, 'a'])
    expect(client.take()).deep.equal([33, OVER, 33])
  })

  it('keeps its order where it waits for the authorizer', async () => {
    const answers: ((answer: unknown) => void)[] = []
    const ask = () => new Promise(resolve => answers.push(resolve))
    const authorizer = { clock, log: errorLog(), ttl: 0, maxDecisions: 10, maxQueue: 10, ask }
    const guarded = new Role('user', rulesWith({ message_rate: 1 }, authorizer))
    const callee = join()
    callee.send([64, 1, {}, 'a'])
    const caller = join(CALLER_SENDS_PARTS, guarded)
    caller.send([48, 1, {}, 'a'])
    caller.send([48, 2, {}, 'a'])
    expect(caller.take()).deep.equal([])
    for (let i = 0; i < 2; i++) {
      answers[i]?.(true)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(callee.take(), 'both calls').deep.equal([65, 68, 68])
    for (let i = 3; i < 9; i++) caller.send([48, i, {}, 'a'])
    expect(caller.killed.length).equal(1)
  })

  describe('has no larger payload than it may', () => {
    const large = ['x'.repeat(100)]
    beforeEach(() => {
      role.rules = rulesWith({ payload_size: 50 })
    })

    it('in PUBLISH and CALL', () => {
      const [client, other] = [join(), join()]
      other.send([32, 1, {}, 'a'])
      other.send([64, 2, {}, 'a'])
      other.take()
      client.send([16, 1, { acknowledge: true }, 'a', large])
      client.send([16, 2, {}, 'a', large])
      client.send([48, 3, {}, 'a', large])
      expect(client.take()).deep.equal([LARGE, LARGE])
      expect(other.take()).deep.equal([])
      client.send([48, 4, {}, 'a', ['small']])
      expect(other.take()).deep.equal([68])
      expect(counters.all().payloads_refused).equal(3)
    })

    it('in YIELD and ERROR: the call ends with that, and nothing is owed', () => {
      const [caller, callee] = [join(), join()]
      callee.send([64, 1, {}, 'a'])
      for (const [request, answer] of [
        [70, 1, {}, large],
        [8, 68, 2, {}, 'com.example.error', large],
      ].entries()) {
        caller.send([48, request + 1, {}, 'a'])
        callee.take()
        callee.send(answer)
        expect(caller.take()).deep.equal([LARGE])
        expect(callee.take(), 'no INTERRUPT').deep.equal([])
      }
      caller.send([48, 3, {}, 'a'])
      callee.send([70, 3, {}, ['small']])
      expect(caller.take()).deep.equal([50])
    })

    it('in a progressive result: the callee is told to stop, and is not answered later', () => {
      const [caller, callee] = [join(), join()]
      callee.send([64, 1, {}, 'a'])
      caller.send([48, 1, { receive_progress: true }, 'a'])
      callee.send([70, 1, { progress: true }, ['small']])
      callee.take()
      callee.send([70, 1, { progress: true }, large])
      expect(caller.take()).deep.equal([50, LARGE])
      expect(callee.take()).deep.equal([69])
      callee.send([70, 1, {}, large])
      expect(caller.take()).deep.equal([])
    })

    it('in an answer to nothing that was asked, which is a violation', () => {
      const client = join()
      expect(() => client.send([70, 7, {}, large])).throw('there was no invocation 7')
      expect(() => client.send([8, 68, 7, {}, 'a', large])).throw('there was no invocation 7')
      expect(() => client.send([8, 48, 7, {}, 'a', large])).throw()
    })
  })
})
