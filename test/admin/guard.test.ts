import { expect } from 'chai'
import { Guard } from '../../src/admin/guard.ts'
import { Counters } from '../../src/base/counters.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

describe('the guard of the admin endpoint', () => {
  let clock: FakeClock
  let counters: Counters
  let guard: Guard

  beforeEach(() => {
    clock = new FakeClock()
    counters = new Counters()
    guard = new Guard({ clock, counters }, 'the right token')
  })

  /** The status that an answer would have; 200 where there is no objection. */
  const ask = (address: string, token?: string) =>
    guard.objection(address, token && `Bearer ${token}`)?.status ?? 200
  const guess = (address: string, times: number) =>
    Array.from({ length: times }, (_, i) => ask(address, `guess${i}`))

  it('lets in who has the token, and nobody else', () => {
    guard = new Guard({ clock, counters }, 'token')
    for (const wrong of [undefined, '', 'Bearer', 'token', 'Basic token', 'Bearer token2']) {
      expect(guard.objection('192.0.2.1', wrong)?.status, wrong).equal(401)
    }
    expect(guard.objection('192.0.2.1', 'Bearer token')).equal(undefined)
    guard.token = 'token2'
    expect(guard.objection('192.0.2.1', 'Bearer token2')).equal(undefined)
  })

  it('makes tokens that differ where none is given', () => {
    const tokens = [1, 2, 3].map(() => new Guard({ clock, counters }).token)
    expect(new Set(tokens).size).equal(3)
    for (const token of tokens) expect(token).match(/^[\w-]{32}$/)
  })

  it('holds back addresses that guess, for longer and longer, and counts that', () => {
    expect(guess('192.0.2.1', 12)).deep.equal([...Array(11).fill(401), 429])
    expect(counters.all().refused_admins).equal(12)
    expect(ask('192.0.2.1', 'therighttoken')).equal(429)
    expect(ask('192.0.2.2', 'wrong')).equal(401)
    clock.pass(1000)
    expect(guess('192.0.2.1', 2)).deep.equal([401, 429])
    clock.pass(1000)
    expect(ask('192.0.2.1')).equal(429)
    clock.pass(1000)
    expect(ask('192.0.2.1')).equal(401)
  })

  it('takes nobody who brings no token for one that guesses', () => {
    for (let i = 0; i < 50; i++) expect(ask('192.0.2.1')).equal(401)
    expect(counters.all().refused_admins).equal(0)
  })

  it('does not shut out this machine, where others would shut out who runs the router', () => {
    expect(guess('127.0.0.1', 50)).deep.equal(Array(50).fill(401))
  })
})
