import { expect } from 'chai'
import { CALLER_SENDS_PARTS } from '../../src/protocol/features.ts'
import { type Goodbye, type Message, NO_DETAILS } from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import {
  callerDisclosure,
  MAY_CALL,
  MAY_PUBLISH,
  publisherDisclosure,
  Role,
  Rules,
} from '../../src/realm/authorize.ts'
import type { Authorizer } from '../../src/realm/authorizer.ts'
import { Realm } from '../../src/realm/realm.ts'
import { Session } from '../../src/session/session.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { listOf, messageOf, Recorder } from '../helpers/recorder.ts'

const FAILED = 'wamp.error.authorization_failed'
const DENIED = 'wamp.error.not_authorized'
const allow = { call: true, register: false, publish: true, subscribe: false }
const rule = (uri: string, may: Partial<typeof allow> = {}) =>
  ({ uri, match: 'exact', allow: { ...allow, ...may } }) as const

type Question = [session: Dict, uri: string, action: string, options: Dict]

describe('the gate of a session with an authorizer', () => {
  let clock: FakeClock
  let realm: Realm
  let role: Role
  let asked: Question[]
  /** Answers the questions that are open, in their order. */
  let answers: { resolve(answer: unknown): void; reject(error: Error): void }[]
  let lastId: number

  beforeEach(() => {
    clock = new FakeClock()
    asked = []
    answers = []
    lastId = 100
    const rules = [
      rule('free.one'),
      rule('forbidden.one', { call: false, publish: false }),
      { ...rule('wampd.authorizer.purge') },
    ]
    role = new Role('user', new Rules(rules, 'loose', { authorizer: authorizer() }))
    const options = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false } as const
    realm = new Realm({ ...options, roles: [role] }, () => 1)
  })

  function authorizer(limits: Partial<Authorizer> = {}): Authorizer {
    return {
      ...{ clock, log: errorLog(), ttl: 1000, maxDecisions: 3, maxQueue: 5, ...limits },
      ask: (...question: Question) => {
        asked.push(question)
        return new Promise((resolve, reject) => answers.push({ resolve, reject }))
      },
    }
  }

  class Client {
    readonly sent: unknown[][] = []
    readonly killed: string[] = []
    readonly failures: unknown[] = []
    readonly session: Session
    /** How often its GOODBYE was heard. */
    left = 0
    #request = 0

    constructor(authid = 'joe', features = 0) {
      const id = ++lastId
      const [authmethod, authprovider] = ['ticket', 'static']
      const details = { session: id, authid, authrole: 'user', authmethod, authprovider }
      const origin = {
        kind: 'websocket',
        peer: '::1',
        protocol: 'wamp.2.json',
        secure: false,
        certificate: null,
      }
      const send = (message: Message) => this.sent.push(listOf(message))
      const outlet = { send, share: ({ message }: { message: Message }) => send(message) }
      this.session = new Session(realm, id, { authid, role, features, details, origin }, outlet)
      this.session.kill = reason => {
        this.killed.push(reason)
        realm.leave(this.session)
      }
      this.session.fail = error => this.failures.push(error)
      this.session.leave = () => {
        this.left++
        realm.leave(this.session)
      }
      realm.join(this.session)
    }

    say(type: number, uri: string, options: Dict = {}, ...payload: unknown[]): void {
      this.session.receive(messageOf([type, ++this.#request, options, uri, ...payload]), 0)
    }
    call(uri: string): void {
      this.say(48, uri)
    }
    /** The URIs of the errors that it got, and the types of the other messages. */
    take(): unknown[] {
      return this.sent.splice(0).map(message => (message[0] === 8 ? message[4] : message[0]))
    }
  }

  async function answer(value: unknown): Promise<void> {
    const next = answers.shift()
    if (value instanceof Error) next?.reject(value)
    else next?.resolve(value)
    await turn()
  }
  // Promises of a few steps settle within.
  const turn = () => new Promise(resolve => setImmediate(resolve))
  const NOBODY = 'wamp.error.no_such_procedure'

  it('asks only about what no rule meets', async () => {
    const joe = new Client()
    for (const uri of ['free.one', 'forbidden.one', 'wamp.session.count', 'a..b']) joe.call(uri)
    expect(joe.take()).deep.equal([NOBODY, DENIED, DENIED, 'wamp.error.invalid_uri'])
    expect(asked).deep.equal([])
    joe.call('open.one')
    expect(joe.take()).deep.equal([])
    expect(asked).deep.equal([[joe.session.details, 'open.one', 'call', {}]])
  })

  it('tells the action and the options', async () => {
    const joe = new Client()
    joe.say(32, 'open.', { match: 'prefix' })
    joe.say(64, 'open.one')
    joe.say(16, 'open.one', { acknowledge: true })
    for (let i = 0; i < 3; i++) await answer(false)
    expect(asked.map(([, ...rest]) => rest)).deep.equal([
      ['open.', 'subscribe', { match: 'prefix' }],
      ['open.one', 'register', {}],
      ['open.one', 'publish', { acknowledge: true }],
    ])
    expect(joe.take()).deep.equal([DENIED, DENIED, DENIED])
  })

  it('lets through what is allowed, that action alone', async () => {
    const joe = new Client()
    joe.say(32, 'open.one')
    await answer(true)
    joe.say(16, 'open.one', { acknowledge: true })
    await answer(false)
    expect(joe.take()).deep.equal([33, DENIED])
    joe.say(32, 'open.one')
    expect(joe.take()).deep.equal([33])
  })

  it('keeps a decision on a pattern apart from one on a URI', async () => {
    const joe = new Client()
    joe.say(32, 'open.one', { match: 'prefix' })
    await answer(true)
    joe.say(32, 'open.one')
    await answer(false)
    joe.say(32, 'open.one', { match: 'wildcard' })
    await answer(false)
    expect(joe.take()).deep.equal([33, DENIED, DENIED])
    expect(asked).lengthOf(3)
  })

  it('keeps the order of the messages, all kinds of them', async () => {
    const [joe, ann] = [new Client(), new Client('ann')]
    joe.call('open.one')
    joe.call('free.one')
    joe.say(16, 'free.one', { acknowledge: true })
    joe.call('open.two')
    joe.call('forbidden.one')
    ann.call('free.one')
    expect(ann.take(), 'others do not wait').deep.equal([NOBODY])
    expect(joe.take()).deep.equal([])
    await answer(true)
    expect(joe.take()).deep.equal([NOBODY, NOBODY, 17])
    await answer(false)
    expect(joe.take()).deep.equal([DENIED, DENIED])
  })

  it('hands on the payload of a message whose frame is gone', async () => {
    const [joe, ann] = [new Client(), new Recorder()]
    realm.join(ann)
    realm.receive(ann, messageOf([32, 1, {}, 'open.one']))
    const bytes = Buffer.from('["kept"]')
    const opened = { args: ['kept'] }
    const codec = {
      openTail: (tail: Uint8Array) => ({ args: JSON.parse(Buffer.from(tail).toString()) }),
      closeTail: () => bytes,
    }
    expect(codec.openTail(bytes)).deep.equal(opened)
    const payload = new Payload(codec, 1, bytes, 0, bytes.length, null)
    joe.session.receive(
      { type: 16, request: 1, options: NO_DETAILS, topic: 'open.one', payload },
      bytes.length,
    )
    bytes.fill(0)
    await answer(true)
    expect(ann.messages.at(-1)).deep.include({ type: 36 })
    expect(ann.take().at(-1)?.[4]).deep.equal(['kept'])
  })

  describe('keeps answers', () => {
    it('for their time', async () => {
      const joe = new Client()
      joe.call('open.one')
      await answer(true)
      clock.pass(999)
      joe.call('open.one')
      expect(asked).lengthOf(1)
      clock.pass(1)
      joe.call('open.one')
      expect(asked).lengthOf(2)
      await answer(false)
      expect(joe.take()).deep.equal([NOBODY, NOBODY, DENIED])
    })

    it('for one session only, also of the same authid', async () => {
      const [joe, other] = [new Client(), new Client()]
      joe.call('open.one')
      await answer(true)
      other.call('open.one')
      await answer(false)
      expect([joe.take(), other.take()]).deep.equal([[NOBODY], [DENIED]])
    })

    it('not if it says so, or if the time is 0, or of an endless URI', async () => {
      const long = `open.${'x'.repeat(300)}`
      const joe = new Client()
      for (const uri of ['open.one', 'open.one', long, long]) {
        joe.call(uri)
        await answer(uri === long ? true : { allow: true, cache: false })
      }
      role.rules = new Rules([], 'loose', { authorizer: authorizer({ ttl: 0 }) })
      for (const allowed of [true, false]) {
        joe.call('open.two')
        await answer(allowed)
      }
      expect(asked).lengthOf(6)
      expect(joe.take()).deep.equal([...new Array(5).fill(NOBODY), DENIED])
    })

    it('in a bounded number', async () => {
      const joe = new Client()
      for (const name of ['a', 'b', 'c', 'd']) {
        joe.call(`open.${name}`)
        await answer(true)
      }
      for (const name of ['d', 'c', 'b']) joe.call(`open.${name}`)
      expect(asked).lengthOf(4)
      joe.call('open.a')
      expect(asked).lengthOf(5)
    })

    it('until they are purged, of all or of one authid', async () => {
      const [joe, ann] = [new Client(), new Client('ann')]
      const all = async (expected: number) => {
        const before = asked.length
        for (const client of [joe, ann]) client.call('open.one')
        expect(asked.length - before).equal(expected)
        while (answers.length > 0) await answer(true)
      }
      await all(2)
      await all(0)
      joe.say(48, 'wampd.authorizer.purge', {}, ['ann'])
      expect(joe.sent.at(-1)).deep.equal([50, 3, {}, [1]])
      await all(1)
      joe.say(48, 'wampd.authorizer.purge')
      expect(joe.sent.at(-1)?.[3]).deep.equal([2])
      await all(2)
      joe.say(48, 'wampd.authorizer.purge', {}, [7])
      expect(joe.take().at(-1)).equal('wamp.error.invalid_argument')
    })

    it('behind the rules, which may change', async () => {
      const joe = new Client()
      joe.call('open.one')
      await answer(true)
      role.rules = new Rules([rule('open.one', { call: false })], 'loose', {
        authorizer: authorizer(),
      })
      joe.call('open.one')
      expect(joe.take()).deep.equal([NOBODY, DENIED])
      role.rules = new Rules([], 'loose')
      joe.call('open.one')
      expect(joe.take(), 'the authorizer was taken away').deep.equal([DENIED])
    })
  })

  for (const [what, value] of [
    ['fails', new Error('down')],
    ['answers with a number', 7],
    ['answers with nothing', undefined],
    ['answers with a dict without allow', { cache: true }],
    ['answers with text', { allow: 'yes' }],
  ] as const) {
    it(`refuses where the authorizer ${what}, and asks again`, async () => {
      const joe = new Client()
      joe.call('open.one')
      await answer(value)
      joe.say(16, 'open.one')
      await answer(value)
      joe.call('free.one')
      expect(joe.take(), 'a PUBLISH without acknowledge goes unanswered').deep.equal([
        FAILED,
        NOBODY,
      ])
      joe.call('open.one')
      expect(asked).lengthOf(3)
    })
  }

  it('ends a session that has too many messages waiting', async () => {
    const joe = new Client()
    for (let i = 0; i < 6; i++) joe.call('open.one')
    expect(joe.killed).deep.equal([])
    joe.call('open.one')
    expect(joe.killed).deep.equal(['wampd.close.queue_full'])
    await answer(true)
    expect(joe.take()).deep.equal([])
  })

  it('drops what waits when the session ends', async () => {
    const joe = new Client()
    joe.say(32, 'open.one')
    joe.say(32, 'open.two')
    realm.leave(joe.session)
    await answer(true)
    expect(joe.take()).deep.equal([])
    expect(asked).lengthOf(1)
  })

  it('hands on the breach of the protocol that a waiting message is', async () => {
    const joe = new Client()
    joe.call('open.one')
    joe.session.receive(messageOf([2, 1, {}]), 0)
    await answer(true)
    expect(joe.failures).lengthOf(1)
    expect(joe.failures[0]).property('name').equal('ProtocolViolation')
  })

  it('discloses who publishes or calls where the authorizer says so, and not for the other', async () => {
    const joe = new Client()
    joe.say(16, 'open.one')
    await answer({ allow: true, disclose: true })
    expect(publisherDisclosure(joe.session.role.verdict('open.one'))).equal('always')
    joe.call('open.one')
    await answer(true)
    const verdict = joe.session.role.verdict('open.one')
    expect(verdict & (MAY_CALL | MAY_PUBLISH)).equal(MAY_CALL | MAY_PUBLISH)
    expect(callerDisclosure(verdict)).equal('requested')
    joe.call('open.two')
    await answer({ allow: true, disclose: true })
    expect(callerDisclosure(joe.session.role.verdict('open.two'))).equal('always')
  })

  describe('after a reload', () => {
    it('asks again, also where the rules are as they were', async () => {
      const joe = new Client()
      joe.call('open.one')
      await answer(true)
      role.rules = new Rules([], 'loose', { authorizer: authorizer() })
      joe.call('open.one')
      expect(asked).lengthOf(2)
      await answer(false)
      expect(joe.take()).deep.equal([NOBODY, DENIED])
    })

    it('does not count what the old authorizer still says', async () => {
      const joe = new Client()
      joe.call('open.one')
      role.rules = new Rules([], 'loose', { authorizer: authorizer() })
      await answer(true)
      expect(asked).lengthOf(2)
      expect(joe.take()).deep.equal([])
      await answer(false)
      expect(joe.take()).deep.equal([DENIED])
      joe.call('open.two')
      role.rules = new Rules([rule('open.two')], 'loose')
      await answer(false)
      expect(joe.take(), 'the authorizer was taken away').deep.equal([NOBODY])
    })

    it('asks for sessions that were there before there was an authorizer', async () => {
      role.rules = new Rules([], 'loose')
      const joe = new Client()
      joe.call('open.one')
      role.rules = new Rules([], 'loose', { authorizer: authorizer() })
      joe.call('open.one')
      await answer(true)
      expect(joe.take()).deep.equal([DENIED, NOBODY])
    })
  })

  it('answers what waited before the GOODBYE that came behind it', async () => {
    const joe = new Client()
    joe.say(16, 'open.one', { acknowledge: true })
    joe.session.receiveGoodbye(messageOf([6, {}, 'wamp.close.normal']) as Goodbye)
    joe.call('free.one')
    expect(joe.left).equal(0)
    await answer(true)
    expect(joe.take(), 'nothing is heard behind it').deep.equal([17])
    expect(joe.left).equal(1)
  })

  it('is busy for a drain while a CALL waits, and no longer than it is asked about', async () => {
    const joe = new Client()
    joe.say(16, 'open.one')
    expect(joe.session.isBusy).equal(false)
    joe.call('free.one')
    expect([joe.session.isBusy, joe.session.isOpen(2), joe.session.isOpen(3)]).deep.equal([
      ...[true, true, false],
    ])
    await answer(new Error('late'))
    expect([joe.session.isBusy, joe.session.isOpen(2)]).deep.equal([false, false])
  })

  it('does not answer a part that comes after its call is over', async () => {
    const joe = new Client('joe', CALLER_SENDS_PARTS)
    const call = (options: Dict) => joe.session.receive(messageOf([48, 1, options, 'open.one']), 0)
    call({ progress: true })
    await answer({ allow: true, cache: false })
    expect(joe.take()).deep.equal([NOBODY])
    for (const last of [new Error('down'), false]) {
      call({})
      await answer(last)
    }
    expect(asked).lengthOf(3)
    expect(joe.take()).deep.equal([])
  })

  it('ends a session that has too many bytes waiting', async () => {
    const joe = new Client()
    joe.call('open.one')
    for (const size of [2 << 20, 2 << 20, 1]) {
      expect(joe.killed).deep.equal([])
      joe.session.receive(messageOf([48, 9, {}, 'open.one']), size)
    }
    expect(joe.killed).deep.equal(['wampd.close.queue_full'])
  })
})
