import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { Role, Rules, unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

describe('the session meta API', () => {
  let realm: Realm
  let alice: Recorder
  let bob: Recorder
  let request = 0

  beforeEach(() => {
    realm = new Realm(
      { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [] },
      randomId,
    )
    alice = join(unrestricted('admin', 'loose'))
    bob = join(unrestricted('user', 'loose'))
  })

  function join(role: Role): Recorder {
    const member = new Recorder({ role })
    realm.join(member)
    return member
  }

  /** What `wamp.session.<name>` answers alice: args of the result, or the error's URI. */
  function call(name: string, ...payload: unknown[]): unknown {
    realm.receive(alice, messageOf([48, ++request, {}, `wamp.session.${name}`, ...payload]))
    const [answer, ...rest] = alice.take() as [unknown[]]
    expect(rest).deep.equal([])
    return answer[0] === 50 ? (answer[3] ?? []) : answer[4]
  }

  function subscribe(member: Recorder, topic: string, options = {}): void {
    realm.receive(member, messageOf([32, ++request, options, topic]))
    expect(member.take()[0]?.[0]).equal(33)
  }

  it('counts and lists sessions, of all roles or of some', () => {
    expect(call('count')).deep.equal([2])
    expect(call('count', [['user', 'none']])).deep.equal([1])
    expect(call('list')).deep.equal([[alice.id, bob.id]])
    expect(call('list', [['user']])).deep.equal([[bob.id]])
    expect(call('list', [[]])).deep.equal([[]])
    expect(call('list', ['user'])).equal('wamp.error.invalid_argument')
  })

  it('tells of a session', () => {
    expect(call('get', [bob.id])).deep.equal([bob.details])
    expect(call('get', [BigInt(bob.id)])).deep.equal([bob.details])
    expect(call('get', [999999])).equal('wamp.error.no_such_session')
    expect(call('get', ['1'])).equal('wamp.error.invalid_argument')
    expect(call('get')).equal('wamp.error.invalid_argument')
  })

  describe('tells where a session comes from', () => {
    const origin = {
      ...{ kind: 'websocket', peer: '192.0.2.7', protocol: 'wamp.2.cbor', secure: true },
      certificate: { commonName: 'bob', fingerprint: 'ab' },
    }
    const transport = {
      type: 'websocket',
      protocol: 'wamp.2.cbor',
      peer: '192.0.2.7',
      secure: true,
    }
    const rule = (uri: string) =>
      ({
        uri,
        match: 'prefix',
        allow: { call: true, register: false, publish: false, subscribe: false },
      }) as const

    it('to those who have the grant for it', () => {
      Object.assign(bob, { origin })
      alice = join(
        new Role('some', new Rules([rule('wamp.'), rule('wampd.session.transport')], 'loose')),
      )
      expect(call('get', [bob.id])).deep.equal([{ ...bob.details, transport }])
      expect(call('get', [alice.id]), 'in-process').deep.equal([alice.details])
    })

    it('to nobody else', () => {
      Object.assign(bob, { origin })
      alice = join(new Role('some', new Rules([rule('wamp.')], 'loose')))
      expect(call('get', [bob.id])).deep.equal([bob.details])
    })
  })

  it('kills one, never the caller', () => {
    expect(call('kill', [bob.id])).deep.equal([])
    expect(call('kill', [bob.id], { reason: 'a.b', message: 'go' })).deep.equal([])
    expect(bob.killed).deep.equal([['wamp.close.killed'], ['a.b', 'go']])
    expect(call('kill', [alice.id])).equal('wamp.error.no_such_session')
    expect(call('kill', [bob.id], { reason: 'a..b' })).equal('wamp.error.invalid_uri')
    expect(call('kill', [bob.id], { reason: 7 })).equal('wamp.error.invalid_uri')
    expect(call('kill', [bob.id], { message: 7 })).equal('wamp.error.invalid_argument')
    expect([alice.killed.length, bob.killed.length]).deep.equal([0, 2])
  })

  it('kills by authid, by authrole, and all others', () => {
    const carol = join(unrestricted('admin', 'loose'))
    expect(call('kill_by_authid', [bob.authid])).deep.equal([[bob.id]])
    expect(call('kill_by_authrole', ['admin'])).deep.equal([1])
    expect(call('kill_all')).deep.equal([2])
    expect([alice.killed.length, bob.killed.length, carol.killed.length]).deep.equal([0, 2, 2])
    expect(call('kill_by_authid')).equal('wamp.error.invalid_argument')
  })

  it('tells who joins and who leaves', () => {
    subscribe(alice, 'wamp.session.', { match: 'prefix' })
    subscribe(bob, 'wamp.session.on_join')
    const carol = join(unrestricted('user', 'loose'))
    realm.leave(carol)
    realm.leave(carol)
    const topic = (name: string) => ({ topic: `wamp.session.${name}` })
    expect(alice.take().map(event => event.slice(3))).deep.equal([
      [topic('on_join'), [carol.details]],
      [topic('on_leave'), [carol.id, carol.authid, 'user']],
    ])
    expect(bob.take().map(event => event.slice(3))).deep.equal([[{}, [carol.details]]])
  })

  it('is not given by wide rules and wide patterns', () => {
    const allow = { call: true, register: true, publish: true, subscribe: true }
    const wide = join(new Role('wide', new Rules([{ uri: '', match: 'prefix', allow }], 'loose')))
    for (const [options, topic] of [
      [{ match: 'prefix' }, ''],
      [{ match: 'prefix' }, 'wam'],
      [{ match: 'wildcard' }, '..on_join'],
    ] as const) {
      subscribe(wide, topic, options)
    }
    realm.receive(wide, messageOf([32, ++request, {}, 'wamp.session.on_join']))
    realm.receive(wide, messageOf([48, ++request, {}, 'wamp.session.count']))
    expect(wide.take().map(error => error[4])).deep.equal([
      'wamp.error.not_authorized',
      'wamp.error.not_authorized',
    ])
    join(unrestricted('user', 'loose'))
    expect(wide.take()).deep.equal([])
  })
})
