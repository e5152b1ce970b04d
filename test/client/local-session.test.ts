import { expect } from 'chai'
import { type LocalSession, PayloadError, Result, type Router, WampError } from '../../src/index.ts'
import { createRouter } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'

/** A few turns of the loop: time for all that is under way in this process to arrive. */
async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise(resolve => setImmediate(resolve))
}

/** What a promise is rejected with. */
function failure(promise: Promise<unknown>): Promise<WampError> {
  return promise.then(
    value => expect.fail(`resolved with ${value}`),
    error => error,
  )
}

const ACKNOWLEDGE = { acknowledge: true }

describe('an in-process session', () => {
  let router: Router
  let log: ReturnType<typeof errorLog>
  let alice: LocalSession
  let bob: LocalSession

  beforeEach(() => {
    log = errorLog()
    router = createRouter({
      logger: log,
      realms: [
        {
          name: 'realm1',
          roles: [
            {
              name: 'reader',
              permissions: [{ uri: 'a.', match: 'prefix', allow: { subscribe: true, call: true } }],
            },
          ],
        },
        { name: 'realm2', roles: [] },
      ] as never,
    })
    alice = router.session('realm1')
    bob = router.session('realm1')
  })

  afterEach(async () => {
    await router.close()
    expect(log.errors).deep.equal([])
  })

  describe('is opened', () => {
    it('with an id, and an authid of its own or the one given', () => {
      expect(alice.id).within(1, 2 ** 53)
      expect(alice.id).not.equal(bob.id)
      expect(alice.authid).not.equal(bob.authid)
      const carol = router.session('realm1', { authid: 'carol', authrole: 'reader' })
      expect(carol).include({ authid: 'carol', authrole: 'reader' })
    })

    it('only in a realm that there is', () => {
      expect(() => router.session('nowhere')).throws(WampError, 'wamp.error.no_such_realm')
    })

    it('only with a role of the realm', () => {
      expect(() => router.session('realm1', { authrole: 'ghost' })).throws(
        WampError,
        'wamp.error.no_such_role',
      )
    })

    it('with the permissions of its role', async () => {
      const reader = router.session('realm1', { authrole: 'reader' })
      await alice.register('a.b', () => 'read')
      await reader.subscribe('a.b', () => {})
      expect(await reader.call('a.b')).equal('read')
      for (const refused of [
        reader.register('a.c', () => {}),
        reader.publish('a.b', [], {}, ACKNOWLEDGE),
        reader.subscribe('b', () => {}),
        reader.call('b'),
      ]) {
        expect(await failure(refused)).include({ uri: 'wamp.error.not_authorized' })
      }
    })

    it('with all permissions where no role is named', async () => {
      await alice.register('any.thing', () => 1)
      expect(await bob.call('any.thing')).equal(1)
    })
  })

  describe('publishes and subscribes', () => {
    it('with args, kwargs and details', async () => {
      const events: unknown[] = []
      await alice.subscribe('a.b', (...event) => events.push(event))
      const publication = await bob.publish('a.b', [1, 'two'], { three: 3 }, ACKNOWLEDGE)
      await bob.publish('a.b')
      await settled()
      expect(events.length).equal(2)
      expect(events[0]).deep.equal([[1, 'two'], { three: 3 }, { publication, topic: 'a.b' }])
      expect((events[1] as unknown[]).slice(0, 2)).deep.equal([[], {}])
    })

    it('and hears of the publication’s id only if it asks', async () => {
      expect(await bob.publish('a.b')).equal(undefined)
      expect(await bob.publish('a.b', [], {}, ACKNOWLEDGE)).within(1, 2 ** 53)
    })

    it('by patterns, and is told the topic', async () => {
      const topics: unknown[] = []
      const handler = (_: unknown, __: unknown, { topic }: { topic: string }) => topics.push(topic)
      await alice.subscribe('a.', handler, { match: 'prefix' })
      await alice.subscribe('a..c', handler, { match: 'wildcard' })
      await bob.publish('a.b.c')
      await bob.publish('a.x')
      await settled()
      expect(topics).deep.equal(['a.b.c', 'a.b.c', 'a.x'])
    })

    it('and misses nothing from the moment that subscribe has resolved', async () => {
      for (let i = 0; i < 50; i++) {
        let heard = 0
        const handle = await alice.subscribe('a.b', () => heard++)
        await bob.publish('a.b')
        await settled()
        expect(heard).equal(1)
        await handle.end()
      }
    })

    it('and hears what was published between its request and the answer', async () => {
      const heard: unknown[] = []
      const subscribed = alice.subscribe('a.b', args => heard.push(args[0]))
      await bob.publish('a.b', [1])
      await subscribed
      await bob.publish('a.b', [2])
      await settled()
      expect(heard).deep.equal([1, 2])
    })

    it('in order, over all topics', async () => {
      const heard: unknown[] = []
      await alice.subscribe('a.b', args => heard.push(args[0]))
      await alice.subscribe('a.c', args => heard.push(args[0]))
      const order = Array.from({ length: 1000 }, (_, i) => i)
      for (const i of order) void bob.publish(i % 3 === 0 ? 'a.b' : 'a.c', [i])
      await settled()
      expect(heard).deep.equal(order)
    })

    it('and hears its own events if exclude_me is false', async () => {
      const heard: unknown[] = []
      await alice.subscribe('a.b', args => heard.push(args[0]))
      await alice.publish('a.b', ['not this'])
      await alice.publish('a.b', ['this'], {}, { exclude_me: false })
      await settled()
      expect(heard).deep.equal(['this'])
    })

    it('to those whom its lists name', async () => {
      let heard = ''
      await alice.subscribe('a.b', () => {
        heard += 'a'
      })
      const carol = router.session('realm1', { authid: 'carol' })
      await carol.subscribe('a.b', () => {
        heard += 'c'
      })
      await bob.publish('a.b', [], {}, { eligible: [alice.id] })
      await bob.publish('a.b', [], {}, { eligible_authid: ['carol'] })
      await bob.publish('a.b', [], {}, { exclude: [alice.id, carol.id] })
      await settled()
      expect(heard).equal('ac')
    })

    it('with several handlers for one topic, that end one by one', async () => {
      const heard: string[] = []
      const first = await alice.subscribe('a.b', () => heard.push('first'))
      const second = await alice.subscribe('a.b', () => heard.push('second'))
      expect(first.id).equal(second.id)
      await bob.publish('a.b')
      await settled()
      expect(heard.splice(0)).deep.equal(['first', 'second'])
      await first.end()
      await first.end()
      await bob.publish('a.b')
      await settled()
      expect(heard.splice(0)).deep.equal(['second'])
      await second.end()
      await bob.publish('a.b')
      await settled()
      expect(heard).deep.equal([])
    })

    it('with one function twice, and each ends by itself', async () => {
      let heard = 0
      const handler = () => heard++
      const [first, second] = await Promise.all([
        alice.subscribe('a.b', handler),
        alice.subscribe('a.b', handler),
      ])
      await bob.publish('a.b')
      await settled()
      expect(heard).equal(2)
      await first.end()
      await bob.publish('a.b')
      await settled()
      expect(heard).equal(3)
      await second.end()
    })

    it('again while the last subscription is just being ended', async () => {
      let heard = 0
      const first = await alice.subscribe('a.b', () => expect.fail('ended'))
      const [second] = await Promise.all([alice.subscribe('a.b', () => heard++), first.end()])
      await bob.publish('a.b')
      await settled()
      expect(heard).equal(1)
      const ending = second.end()
      await alice.subscribe('a.b', () => heard++)
      await ending
      await bob.publish('a.b')
      await settled()
      expect(heard).equal(2)
    })

    it('and hears nothing after end() is called', async () => {
      const handle = await alice.subscribe('a.b', () => expect.fail('ended'))
      void bob.publish('a.b')
      await handle.end()
      void bob.publish('a.b')
      await settled()
    })

    it('and is refused with the error of the broker', async () => {
      for (const refused of [
        alice.subscribe('a..b', () => {}),
        alice.publish('a..b', [], {}, ACKNOWLEDGE),
        alice.publish('wamp.x', [], {}, ACKNOWLEDGE),
      ]) {
        const error = await failure(refused)
        expect(error).instanceOf(WampError)
        expect(error.uri).equal('wamp.error.invalid_uri')
      }
      const match = 'regex' as 'exact'
      expect(await failure(alice.subscribe('a', () => {}, { match }))).include({
        uri: 'wamp.error.invalid_argument',
      })
      expect(await alice.publish('a..b')).equal(undefined)
      await alice.subscribe('a.b', () => {})
    })

    it('and says who it is, and that a payload is not to be read, if it wishes to', async () => {
      const heard: unknown[] = []
      await alice.subscribe('a.b', (_args, _kwargs, details) => heard.push(details))
      const options = { disclose_me: true, ppt_scheme: 'x_own' }
      const publication = await bob.publish('a.b', [], {}, { ...options, ...ACKNOWLEDGE })
      await settled()
      const { id, authid, authrole } = bob
      const publisher = { publisher: id, publisher_authid: authid, publisher_authrole: authrole }
      const facts = { topic: 'a.b', ppt_scheme: 'x_own', publication }
      expect(heard).deep.equal([{ ...facts, ...publisher }])
    })

    it('and hears what is retained, marked so', async () => {
      const retain = { retain: true }
      await bob.publish('a.b', [1], {}, retain)
      await bob.publish('a.c', [2], {}, retain)
      const heard: unknown[] = []
      await alice.subscribe(
        'a.',
        ([value], _kwargs, { topic, retained }) => heard.push([value, topic, retained]),
        { match: 'prefix', get_retained: true },
      )
      await settled()
      expect(heard.sort()).deep.equal([
        [1, 'a.b', true],
        [2, 'a.c', true],
      ])
    })

    it('and takes it that a subscription is taken away', async () => {
      const heard: unknown[] = []
      const handle = await alice.subscribe('a.b', args => heard.push(args[0]))
      await bob.call('wamp.subscription.remove_subscriber', [handle.id, alice.id])
      await bob.publish('a.b', [1])
      await settled()
      await handle.end()
      await alice.subscribe('a.b', args => heard.push(args[0]))
      await bob.publish('a.b', [2])
      await settled()
      expect(heard).deep.equal([2])
    })

    it('and goes on where a handler throws', async () => {
      const heard: unknown[] = []
      await alice.subscribe('a.b', () => {
        throw new Error('of a handler')
      })
      await alice.subscribe('a.b', async () => {
        throw new Error('of an async handler')
      })
      await alice.subscribe('a.b', args => heard.push(args[0]))
      await bob.publish('a.b', [1])
      await bob.publish('a.b', [2])
      await settled()
      expect(heard).deep.equal([1, 2])
      expect(log.errors.splice(0).map(text => text.split(': ')[0])).deep.equal(
        new Array(4).fill('event handler failed'),
      )
    })
  })

  describe('registers and calls', () => {
    it('with args, kwargs and details', async () => {
      let seen: unknown[] = []
      const handle = await alice.register('a.b', (...call) => {
        seen = call
        return 'yes'
      })
      expect(handle.id).above(0)
      expect(await bob.call('a.b', [1], { two: 2 })).equal('yes')
      const [args, kwargs, details] = seen as [unknown, unknown, Record<string, unknown>]
      expect([args, kwargs]).deep.equal([[1], { two: 2 }])
      expect(details.procedure).equal('a.b')
      expect(details.signal).instanceOf(AbortSignal)
    })

    it('and gets one value, none, or a Result of several', async () => {
      await alice.register('echo', ([value]) => value)
      await alice.register('later', async ([value]) => value)
      await alice.register('several', (args, kwargs) => new Result(args, kwargs))
      expect(await bob.call('echo', [[1, 2]])).deep.equal([1, 2])
      expect(await bob.call('later', ['x'])).equal('x')
      expect(await bob.call('echo', [null])).equal(null)
      expect(await bob.call('echo')).equal(undefined)
      expect(await bob.call('several', [1])).equal(1)
      expect(await bob.call('several')).equal(undefined)
      const result = await bob.call<Result>('several', [1, 2], { a: 3 })
      expect(result).instanceOf(Result)
      expect(result).deep.equal(new Result([1, 2], { a: 3 }))
      expect(await bob.call('several', [], { a: 3 })).deep.equal(new Result([], { a: 3 }))
    })

    it('by patterns, and is told the procedure', async () => {
      await alice.register('a.', (_, __, { procedure }) => procedure, { match: 'prefix' })
      await alice.register('b..d', (_, __, { procedure }) => procedure, { match: 'wildcard' })
      expect(await bob.call('a.b.c')).equal('a.b.c')
      expect(await bob.call('b.c.d')).equal('b.c.d')
    })

    it('itself', async () => {
      await alice.register('a.b', ([n]) => (n as number) + 1)
      expect(await alice.call('a.b', [1])).equal(2)
    })

    it('many at a time, and each gets its own answer', async () => {
      await alice.register('slow', async ([ms]) => {
        await new Promise(resolve => setTimeout(resolve, ms as number))
        return ms
      })
      const delays = Array.from({ length: 50 }, (_, i) => (i * 7) % 20)
      expect(await Promise.all(delays.map(ms => bob.call('slow', [ms])))).deep.equal(delays)
    })

    it('and gets the errors of the callee as they are', async () => {
      await alice.register('fails', () => {
        throw new WampError('com.app.error', ['because', 2], { a: 3 })
      })
      const error = await failure(bob.call('fails'))
      expect(error).instanceOf(WampError)
      expect(error).include({ uri: 'com.app.error', message: 'com.app.error: because' })
      expect([error.args, error.kwargs]).deep.equal([['because', 2], { a: 3 }])
    })

    it('and gets any other error as a runtime error with its message', async () => {
      for (const [thrown, text] of [
        [new TypeError('odd'), 'odd'],
        ['a string', 'a string'],
        [42, '42'],
        [undefined, 'undefined'],
        [null, 'an object was thrown'],
        [Object.create(null), 'an object was thrown'],
      ]) {
        const { end } = await alice.register('fails', () => {
          throw thrown
        })
        const error = await failure(bob.call('fails'))
        expect([error.uri, error.args]).deep.equal(['wamp.error.runtime_error', [text]])
        await end()
      }
    })

    it('and gets an answer also where the callee’s cannot be sent', async () => {
      await alice.register('value', () => () => 'a function')
      await alice.register('error', () => {
        throw new WampError('com.app.error', [() => 'a function'])
      })
      const value = await failure(bob.call('value'))
      expect(value).include({ uri: 'wamp.error.runtime_error' })
      expect(value.args).deep.equal(['a function cannot be sent'])
      const error = await failure(bob.call('error'))
      expect(error).include({ uri: 'com.app.error' })
      expect(error.args).deep.equal(['a function cannot be sent'])
    })

    it('and is refused with the error of the dealer', async () => {
      await alice.register('a.b', () => {})
      for (const [refused, uri] of [
        [bob.register('a.b', () => {}), 'wamp.error.procedure_already_exists'],
        [bob.call('a.c'), 'wamp.error.no_such_procedure'],
        [bob.call('a..c'), 'wamp.error.invalid_uri'],
        [bob.register('wamp.x', () => {}), 'wamp.error.invalid_uri'],
      ] as const) {
        expect(await failure(refused)).include({ uri })
      }
    })

    it('and gives a procedure up by end()', async () => {
      const handle = await alice.register('a.b', () => 1)
      await handle.end()
      await handle.end()
      expect(await failure(bob.call('a.b'))).include({ uri: 'wamp.error.no_such_procedure' })
      await bob.register('a.b', () => 2)
      expect(await alice.call('a.b')).equal(2)
    })

    it('and gets wamp.error.canceled when the callee closes', async () => {
      await alice.register('never', () => new Promise(() => {}))
      const called = failure(bob.call('never'))
      await settled()
      alice.close()
      expect(await called).include({ uri: 'wamp.error.canceled' })
    })
  })

  describe('cancels a call', () => {
    let calleeSignal: AbortSignal | undefined

    beforeEach(async () => {
      await alice.register('never', (_, __, { signal }) => {
        calleeSignal = signal
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')))
        })
      })
    })

    it('by an AbortSignal, whose reason it gets, and the callee’s signal is aborted', async () => {
      const controller = new AbortController()
      const called = failure(bob.call('never', [], {}, { signal: controller.signal }))
      await settled()
      expect(calleeSignal?.aborted).equal(false)
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await called).equal(reason)
      await settled()
      expect(calleeSignal?.aborted).equal(true)
    })

    it('before it has begun, if the signal is aborted already', async () => {
      calleeSignal = undefined
      const signal = AbortSignal.abort('too late')
      expect(await failure(bob.call('never', [], {}, { signal }))).equal('too late')
      await settled()
      expect(calleeSignal).equal(undefined)
    })

    it('by leaving', async () => {
      const called = failure(bob.call('never'))
      await settled()
      bob.close()
      expect(await called).include({ uri: 'wamp.close.close_realm' })
      await settled()
      expect(calleeSignal?.aborted).equal(true)
    })

    it('and takes no harm from an abort after the answer', async () => {
      await alice.register('now', () => 'done')
      const controller = new AbortController()
      const { signal } = controller
      expect(await bob.call('now', [], {}, { signal })).equal('done')
      controller.abort()
      await settled()
      expect(await bob.call('now')).equal('done')
    })
  })

  describe('shares no object with others', () => {
    it('that publish', async () => {
      const sent = { list: [1], bytes: Uint8Array.of(1) }
      const heard: unknown[] = []
      await alice.subscribe('a.b', ([value]) => heard.push(value))
      await bob.publish('a.b', [sent])
      sent.list.push(2)
      sent.bytes[0] = 9
      await settled()
      expect(heard).deep.equal([{ list: [1], bytes: Uint8Array.of(1) }])
    })

    it('that hear the same event', async () => {
      const heard: unknown[] = []
      const spoil = ([value]: unknown[], kwargs: Record<string, unknown>, details: object) => {
        heard.push(structuredClone([value, kwargs]))
        const { list, bytes } = value as { list: unknown[]; bytes: Uint8Array }
        list.push('spoilt')
        bytes[0] = 99
        kwargs.spoilt = true
        Object.assign(details, { topic: 'spoilt' })
      }
      await alice.subscribe('a.b', spoil)
      await alice.subscribe('a.b', spoil)
      await bob.subscribe('a.b', spoil)
      const value = { list: [1], bytes: Uint8Array.of(1) }
      await bob.publish('a.b', [value], { k: {} }, { exclude_me: false })
      await settled()
      expect(heard).deep.equal(new Array(3).fill([value, { k: {} }]))
      expect(value).deep.equal({ list: [1], bytes: Uint8Array.of(1) })
    })

    it('that call or answer', async () => {
      const kept = { list: [1] }
      await alice.register('a.b', ([value]) => {
        const { list } = value as { list: unknown[] }
        list.push('callee')
        return kept
      })
      const sent = { list: [0] }
      const result = await bob.call<{ list: unknown[] }>('a.b', [sent])
      result.list.push('caller')
      expect([sent, kept]).deep.equal([{ list: [0] }, { list: [1] }])
    })

    it('that throw', async () => {
      const kept = { list: [1] }
      await alice.register('a.b', () => {
        throw new WampError('com.app.error', [kept], { kept })
      })
      const error = await failure(bob.call('a.b'))
      ;(error.args[0] as { list: unknown[] }).list.push('caller')
      ;(error.kwargs.kept as { list: unknown[] }).list.push('caller')
      expect(kept).deep.equal({ list: [1] })
    })
  })

  describe('sends values', () => {
    beforeEach(() => alice.register('echo', ([value]) => value))

    it('of all kinds that cross between serializers', async () => {
      const values = [
        ...[null, true, false, 0, -1, 1.5, 2 ** 53, -(2n ** 63n), 2n ** 64n - 1n, '', 'ä🙂\0'],
        ...[[], {}, [[null]], { a: { b: [1] } }, new Uint8Array(0), Uint8Array.of(1, 2)],
      ]
      for (const value of values) expect(await bob.call('echo', [value])).deep.equal(value)
      expect(await bob.call('echo', [NaN])).deep.equal(NaN)
    })

    it('such as a Buffer as bytes, a Date as text, and undefined as null or not at all', async () => {
      const bytes = await bob.call('echo', [Buffer.from('ab')])
      expect(bytes).deep.equal(Uint8Array.of(97, 98))
      expect(Object.getPrototypeOf(bytes)).equal(Uint8Array.prototype)
      const date = new Date('2026-01-02T03:04:05.678Z')
      expect(await bob.call('echo', [date])).equal('2026-01-02T03:04:05.678Z')
      expect(await bob.call('echo', [[undefined]])).deep.equal([null])
      expect(await bob.call('echo', [{ a: undefined, b: 1 }])).deep.equal({ b: 1 })
      expect(await bob.call('echo', [undefined])).equal(null)
    })

    it('with any keys, and pollutes no prototype', async () => {
      const text = '{"__proto__":{"polluted":1},"constructor":2,"":3,"0":4,"toJSON":5}'
      const back = await bob.call('echo', [JSON.parse(text)])
      expect(Object.entries(back as object).sort()).deep.equal(
        Object.entries(JSON.parse(text)).sort(),
      )
      expect(Object.getPrototypeOf(back)).equal(Object.prototype)
      expect(({} as { polluted?: unknown }).polluted).equal(undefined)
      const events: unknown[] = []
      await alice.subscribe('a.b', (_, kwargs) => events.push(Object.keys(kwargs)))
      await bob.publish('a.b', [], JSON.parse('{"__proto__":1}'))
      await settled()
      expect(events).deep.equal([['__proto__']])
    })

    it('but no functions, no symbols, and nothing that is nested without end', async () => {
      const cycle: unknown[] = []
      cycle.push(cycle, cycle)
      let deep: unknown = 1
      for (let i = 0; i < 100_000; i++) deep = { deep }
      for (const value of [() => 1, Symbol('s'), { a: [() => 1] }, cycle, deep]) {
        for (const refused of [
          bob.publish('a.b', [value]),
          bob.publish('a.b', [], { value }, ACKNOWLEDGE),
          bob.call('echo', [value]),
        ]) {
          expect(await failure(refused)).instanceOf(PayloadError)
        }
      }
      expect(await bob.call('echo', ['still well'])).equal('still well')
    })

    it('in lists: anything else for args is refused', async () => {
      for (const args of ['text', null, 5, {}]) {
        const wrong = args as unknown as unknown[]
        expect(await failure(bob.publish('a.b', wrong))).instanceOf(PayloadError)
        expect(await failure(bob.call('echo', wrong))).instanceOf(PayloadError)
      }
    })
  })

  describe('ends', () => {
    it('with the reason that closed tells', async () => {
      alice.close()
      alice.close('com.app.second')
      bob.close('com.app.bored')
      expect(await Promise.all([alice.closed, bob.closed])).deep.equal([
        'wamp.close.close_realm',
        'com.app.bored',
      ])
    })

    it('and rejects what it waits for, and what it is asked afterwards', async () => {
      await bob.register('never', () => new Promise(() => {}))
      const subscription = await alice.subscribe('a.b', () => {})
      const registration = await alice.register('a.b', () => {})
      const waiting = [
        alice.call('never'),
        alice.subscribe('a.c', () => {}),
        alice.register('a.c', () => {}),
        alice.publish('a.b', [], {}, ACKNOWLEDGE),
      ].map(failure)
      alice.close('com.app.bored')
      for (const error of await Promise.all(waiting)) {
        expect(error).instanceOf(WampError)
        expect(error.uri).equal('com.app.bored')
      }
      for (const late of [
        alice.call('never'),
        alice.subscribe('a.b', () => {}),
        alice.register('a.b', () => {}),
        alice.publish('a.b'),
        alice.publish('a.b', [], {}, ACKNOWLEDGE),
      ]) {
        expect(await failure(late)).instanceOf(WampError)
      }
      await Promise.all([subscription.end(), registration.end()])
    })

    it('and leaves nothing behind', async () => {
      await alice.subscribe('a.b', () => expect.fail('heard after close'))
      await alice.register('a.b', () => {})
      void bob.publish('a.b')
      alice.close()
      void bob.publish('a.b')
      expect(await failure(bob.call('a.b'))).include({ uri: 'wamp.error.no_such_procedure' })
      await bob.register('a.b', () => {})
      await settled()
    })

    it('in the midst of an event, and hears no other', async () => {
      let heard = 0
      await alice.subscribe('a.b', () => {
        heard++
        alice.close()
      })
      void bob.publish('a.b')
      void bob.publish('a.b')
      await settled()
      expect(heard).equal(1)
    })

    it('when the router is closed', async () => {
      await router.close()
      expect(await alice.closed).equal('wamp.close.system_shutdown')
      expect(await failure(alice.publish('a.b'))).instanceOf(WampError)
    })
  })

  it('meets nobody of another realm', async () => {
    const stranger = router.session('realm2')
    await alice.subscribe('a.b', () => expect.fail('heard another realm'))
    await alice.register('a.b', () => {})
    await stranger.publish('a.b', [], {}, ACKNOWLEDGE)
    expect(await failure(stranger.call('a.b'))).include({ uri: 'wamp.error.no_such_procedure' })
    await settled()
  })

  it('lets timers run while two of them talk without end', async () => {
    let rallies = 0
    await alice.subscribe('ping', () => alice.publish('pong'))
    await bob.subscribe('pong', () => {
      rallies++
      return bob.publish('ping')
    })
    await bob.publish('ping')
    let ticks = 0
    await new Promise<void>(resolve => {
      const timer = setInterval(() => {
        if (++ticks < 5) return
        clearInterval(timer)
        resolve()
      }, 2)
    })
    alice.close()
    expect(rallies).above(0)
  })
})
