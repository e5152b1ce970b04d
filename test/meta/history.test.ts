import { expect } from 'chai'
import { Role, Rules, unrestricted } from '../../src/realm/authorize.ts'
import type { Recorder } from '../helpers/recorder.ts'
import { RealmWithAdmin } from './realm-with-admin.ts'

type Answer = { args: { publication: number; args: unknown[] }[]; kwargs: Record<string, unknown> }

describe('wamp.subscription.get_events', () => {
  const patterns = [
    { uri: 'a.b', match: 'exact' },
    { uri: 'a', match: 'prefix' },
    { uri: '.b', match: 'wildcard' },
  ] as const

  for (const { uri, match } of patterns) {
    describe(`on a history of kind ${match}`, () => {
      let world: RealmWithAdmin
      let alice: Recorder
      let id: number
      /** Publication ids of the events 0 to 9, a second apart. */
      let ids: number[]

      beforeEach(() => {
        world = new RealmWithAdmin({ event_history: [{ uri, match, limit: 10 }] })
        alice = world.join()
        const found = world.call(world.admin, 'wamp.subscription.lookup', [uri, { match }])
        id = (found as [number])[0]
        ids = publishTen()
      })

      function publishTen(): number[] {
        return Array.from({ length: 10 }, (_, i) => {
          const publication = world.acknowledged(alice, 'a.b', {}, [i])
          world.clock.pass(1000)
          return publication
        })
      }

      const ask = (kwargs: object = {}, who = world.admin) =>
        world.call(who, 'wamp.subscription.get_events', [id], kwargs)
      const get = (kwargs: object = {}, who = world.admin) => {
        const answer = ask(kwargs, who)
        if (typeof answer === 'string') throw new Error(answer)
        return answer as Answer
      }
      const values = (kwargs: object = {}, who?: Recorder) =>
        get(kwargs, who).args.map(({ args: [value] }) => value)
      const time = (second: number) => new Date(second * 1000).toISOString()

      it('gives each event as the specification has it', () => {
        world.acknowledged(alice, 'a.b', { disclose_me: true }, ['x'], { k: 1 })
        const { id: publisher, authid, authrole } = alice
        const details = { publisher, publisher_authid: authid, publisher_authrole: authrole }
        const [event] = get({ reverse: true, limit: 1 }).args
        expect(event).deep.equal({
          timestamp: '1970-01-01T00:00:10.000Z',
          subscription: id,
          publication: event?.publication,
          details: match === 'exact' ? details : { topic: 'a.b', ...details },
          args: ['x'],
          kwargs: { k: 1 },
        })
      })

      it('gives them in the order received, or the newest first, as many as wanted', () => {
        expect(values()).deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(values({ reverse: true })).deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        expect(values({ limit: 2 })).deep.equal([0, 1])
        expect(values({ limit: 2n, reverse: true })).deep.equal([9, 8])
        expect(get().args.map(({ publication }) => publication)).deep.equal(ids)
      })

      it('filters by time', () => {
        expect(values({ from_time: time(7) })).deep.equal([7, 8, 9])
        expect(values({ after_time: time(7) })).deep.equal([8, 9])
        expect(values({ before_time: time(2) })).deep.equal([0, 1])
        expect(values({ until_time: time(2) })).deep.equal([0, 1, 2])
        expect(values({ from_time: time(3), before_time: time(5) })).deep.equal([3, 4])
        expect(values({ from_time: '1970-01-01T02:00:08+02:00' })).deep.equal([8, 9])
      })

      it('filters by publication', () => {
        expect(values({ from_publication: ids[7] })).deep.equal([7, 8, 9])
        expect(values({ after_publication: ids[7] })).deep.equal([8, 9])
        expect(values({ before_publication: ids[2] })).deep.equal([0, 1])
        expect(values({ until_publication: BigInt(ids[2] as number) })).deep.equal([0, 1, 2])
        expect(values({ after_publication: ids[9] })).deep.equal([])
        expect(values({ before_publication: ids[0] })).deep.equal([])
        const both = { after_publication: ids[2], before_publication: ids[6] }
        expect(values({ ...both, reverse: true })).deep.equal([5, 4, 3])
        expect(values({ ...both, from_time: time(5) })).deep.equal([5])
      })

      it('filters by topic', () => {
        expect(values({ topic: 'a.b', limit: 1 })).deep.equal([0])
        expect(values({ topic: 'a.c' })).deep.equal([])
      })

      it('says whether the range is whole, and what is the first there is', () => {
        expect(get().kwargs).deep.equal({ complete: true, more: false, first_publication: ids[0] })
        const later = publishTen()
        world.acknowledged(alice, 'a.b', {}, ['last'])
        const kwargs = (query: object) => get(query).kwargs
        expect(get().args.length).equal(10)
        expect(kwargs({})).deep.equal({
          complete: false,
          more: false,
          first_publication: later[1],
        })
        for (const [query, complete] of [
          [{ reverse: true, limit: 5 }, true],
          [{ reverse: true, limit: 10 }, true],
          [{ reverse: true, limit: 11 }, false],
          [{ limit: 5 }, false],
          [{ after_publication: later[1] }, true],
          [{ from_publication: later[0] }, false],
          [{ before_publication: later[1] }, false],
          [{ from_time: time(11) }, true],
          [{ from_time: time(10) }, false],
          [{ after_time: time(10) }, true],
          [{ until_time: time(5) }, false],
        ] as const) {
          expect(kwargs(query).complete, JSON.stringify(query)).equal(complete)
        }
        // Whoever asks for what follows on something lost gets all there is.
        expect(get({ after_publication: ids[3] }).args.length).equal(10)
        expect(get({ until_publication: ids[3] }).args.length).equal(0)
      })

      it('refuses what makes no sense', () => {
        for (const kwargs of [
          { limit: 0 },
          { limit: -1 },
          { limit: 1.5 },
          { limit: '1' },
          { reverse: 1 },
          { from_time: 0 },
          { after_time: 'yesterday' },
          { before_time: '2026-13-01T00:00:00Z' },
          { until_time: '2026-01-01' },
          { topic: 7 },
          { from_publication: 'x' },
          { until_publication: 0 },
        ]) {
          expect(ask(kwargs), String(Object.keys(kwargs))).equal('wamp.error.invalid_argument')
        }
      })

      it('keeps no events for chosen sessions, and shows those for chosen users to them', () => {
        const bob = world.join({ authid: 'bob', role: unrestricted('user', 'loose') })
        world.acknowledged(alice, 'a.b', { eligible: [bob.id] }, ['s1'])
        world.acknowledged(alice, 'a.b', { exclude: [] }, ['s2'])
        world.acknowledged(alice, 'a.b', { eligible_authid: ['bob'] }, ['u1'])
        world.acknowledged(alice, 'a.b', { exclude_authrole: ['user'] }, ['u2'])
        const newest = { reverse: true, limit: 1 }
        expect(values(newest, bob)).deep.equal(['u1'])
        expect(values(newest)).deep.equal(['u2'])
        expect(values({ after_publication: ids[9] }, bob)).deep.equal(['u1'])
        expect(values({ after_publication: ids[9] })).deep.equal(['u2'])
      })

      it('is only for who may subscribe', () => {
        const wamp = { uri: 'wamp', match: 'prefix', allow: allow('call') } as const
        const outsider = world.join({ role: new Role('outsider', new Rules([wamp], 'loose')) })
        const insider = world.join({
          role: new Role(
            'insider',
            new Rules([wamp, { uri, match, allow: allow('subscribe') }], 'loose'),
          ),
        })
        expect(ask({}, outsider)).equal('wamp.error.not_authorized')
        expect(values({ limit: 1 }, insider)).deep.equal([0])
      })

      it('goes on with and without subscribers', () => {
        expect(world.subscribe(alice, uri, { match })).equal(id)
        expect(world.say(alice, 34, id)[0]?.[0]).equal(35)
        world.realm.leave(alice)
        expect(values().length).equal(10)
        expect(world.subscribe(world.admin, uri, { match })).equal(id)
      })
    })
  }

  it('answers for a subscription without a history that nothing is kept', () => {
    const world = new RealmWithAdmin()
    const id = world.subscribe(world.admin, 'a.b')
    const get = (...args: unknown[]) =>
      world.call(world.admin, 'wamp.subscription.get_events', args)
    expect(get(id)).deep.equal({ args: [], kwargs: { complete: false, more: false } })
    expect(get(4711)).equal('wamp.error.no_such_subscription')
    expect(get()).equal('wamp.error.invalid_argument')
  })

  it('answers in parts where the events are many, and says that there is more', () => {
    const world = new RealmWithAdmin({ event_history: [{ uri: 'a.b' }] })
    const text = 'x'.repeat(100_000)
    for (let i = 0; i < 5; i++) world.publish(world.admin, 'a.b', {}, [i, text])
    const seen: unknown[] = []
    let after = {}
    for (;;) {
      const { args, kwargs } = world.call(
        world.admin,
        'wamp.subscription.get_events',
        [1],
        after,
      ) as Answer
      seen.push(...args.map(event => event.args[0]))
      expect(kwargs.complete).equal(true)
      if (kwargs.more === false) break
      expect(args.length).equal(2)
      after = { after_publication: args.at(-1)?.publication }
    }
    expect(seen).deep.equal([0, 1, 2, 3, 4])
  })

  it('keeps meta events where a history of the router’s own topics is wanted', () => {
    const world = new RealmWithAdmin({ event_history: [{ uri: 'wamp.session.on_join' }] })
    const bob = world.join()
    const { args } = world.call(world.admin, 'wamp.subscription.get_events', [1]) as Answer
    expect(args.at(-1)?.args).deep.equal([bob.details])
  })

  function allow(...verbs: string[]) {
    const has = (verb: string) => verbs.includes(verb)
    return { call: has('call'), subscribe: has('subscribe'), publish: false, register: false }
  }
})
