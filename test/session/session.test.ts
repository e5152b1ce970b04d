import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { CALLER_SENDS_PARTS } from '../../src/protocol/features.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { Session } from '../../src/session/session.ts'
import { originOf } from '../auth/suite.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

describe('a session of a realm that is strict about request ids', () => {
  function open(features: number): (...list: unknown[]) => void {
    const options = {
      name: 'realm1',
      uriCheck: 'loose',
      strictRequestIds: true,
      roles: [],
    } as const
    const realm = new Realm(options, randomId)
    const { authid, details } = new Recorder()
    const origin = originOf('192.0.2.7')
    const who = { authid, role: unrestricted('user', 'loose'), features, details, origin }
    const session = new Session(realm, 1, who, new Recorder())
    realm.join(session)
    return (...list) => session.receive(messageOf(list), 0)
  }

  it('counts all requests together', () => {
    const say = open(0)
    say(16, 1, {}, 'a.b')
    say(48, 2, {}, 'a.b')
    expect(() => say(48, 2, {}, 'a.b')).throws(ProtocolViolation, '3 is next')
    expect(() => say(32, 4, {}, 'a.b')).throws(ProtocolViolation, '3 is next')
  })

  it('takes further parts of calls from callers that announced them, and nothing else', () => {
    const say = open(CALLER_SENDS_PARTS)
    say(16, 1, {}, 'a.b')
    say(48, 2, { progress: true }, 'a.b')
    say(16, 3, {}, 'a.b')
    say(48, 2, {}, 'a.b')
    say(48, 4, {}, 'a.b')
    expect(() => say(16, 2, {}, 'a.b')).throws(ProtocolViolation, '5 is next')
    expect(() => say(48, 6, {}, 'a.b')).throws(ProtocolViolation, '5 is next')
  })
})
