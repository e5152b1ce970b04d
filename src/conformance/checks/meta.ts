import { CALL, GOODBYE, NO_DETAILS, RESULT } from '../../protocol/messages.ts'
import { Payload } from '../../protocol/payload.ts'
import { advanced, hold } from '../check.ts'
import { argsOf, nameOf } from '../probe.ts'
import { isSame } from '../values.ts'

const isDict = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const meta = [
  advanced('dealer', 'session_meta_api', 'Session Meta API', [
    {
      text: 'wamp.session.count, list and get tell of sessions',
      async prove(bench) {
        const probe = await bench.join()
        const [list] = await probe.result('wamp.session.list')
        hold(Array.isArray(list), 'wamp.session.list gives no list')
        hold(list.map(Number).includes(probe.session), 'the session is not in the list')
        const [count] = await probe.result('wamp.session.count')
        hold(Number(count) >= 1, `wamp.session.count gives ${String(count)}`)
        const [details] = await probe.result('wamp.session.get', [probe.session])
        hold(isDict(details) && isSame(details.session, probe.session), 'get tells of another')
      },
    },
    {
      text: 'wamp.session.get of nobody is wamp.error.no_such_session',
      async prove(bench) {
        const probe = await bench.join()
        await probe.result('wamp.session.count')
        const request = probe.call('wamp.session.get', NO_DETAILS, Payload.of([2 ** 52 + 1]))
        await probe.refusal(request, 'wamp.error.no_such_session')
      },
    },
    {
      text: 'wamp.session.on_join and on_leave tell who comes and goes',
      async prove(bench) {
        const probe = await bench.join()
        const [joins, leaves] = [
          await probe.subscribe('wamp.session.on_join'),
          await probe.subscribe('wamp.session.on_leave'),
        ]
        const other = await bench.join()
        const joined = await probe.event()
        const [details] = argsOf(joined)
        hold(joined.subscription === joins, 'another event came')
        hold(isDict(details) && isSame(details.session, other.session), 'on_join tells of another')
        other.wire.terminate()
        const left = await probe.event()
        hold(left.subscription === leaves, 'another event came')
        hold(isSame(argsOf(left)[0], other.session), 'on_leave tells of another')
      },
    },
    {
      text: 'wamp.session.kill ends a session with GOODBYE and the reason that is given',
      async prove(bench) {
        const [probe, other] = [await bench.join(), await bench.join()]
        const reason = bench.uri('reason')
        const request = probe.next()
        const payload = Payload.of([other.session], { reason })
        const procedure = 'wamp.session.kill'
        probe.send({ type: CALL, request, options: NO_DETAILS, procedure, payload })
        const answer = await probe.answer(request)
        hold(answer.type === RESULT, `${procedure}: ${nameOf(answer)} came, not RESULT`)
        const goodbye = await other.take(GOODBYE)
        hold(goodbye.reason === reason, `the reason is ${goodbye.reason}`)
      },
    },
  ]),
  advanced('dealer', 'registration_meta_api', 'Registration Meta API', [
    {
      text: 'list, lookup, match, get, list_callees and count_callees tell of registrations',
      async prove(bench) {
        const probe = await bench.join()
        const uri = bench.uri('known')
        const registration = await probe.register(uri)
        const ask = async (name: string, ...args: unknown[]) =>
          (await probe.result(`wamp.registration.${name}`, args))[0]
        const all = await ask('list')
        hold(isDict(all), 'list gives no dict')
        const exact = all.exact as unknown[]
        hold(exact.map(Number).includes(registration), 'the registration is not in the list')
        hold(isSame(await ask('lookup', uri), registration), 'lookup gives another')
        hold(isSame(await ask('match', uri), registration), 'match gives another')
        const details = await ask('get', registration)
        hold(isDict(details) && details.uri === uri, 'get tells of another')
        hold(isSame(await ask('list_callees', registration), [probe.session]), 'list_callees')
        hold(isSame(await ask('count_callees', registration), 1), 'count_callees')
      },
    },
    {
      text: 'on_create, on_register, on_unregister and on_delete tell of them',
      async prove(bench) {
        const [probe, other] = [await bench.join(), await bench.join()]
        const names = ['on_create', 'on_register', 'on_unregister', 'on_delete']
        const ids = new Map<number, string>()
        for (const name of names) ids.set(await probe.subscribe(`wamp.registration.${name}`), name)
        await other.register(bench.uri('watched'))
        other.wire.terminate()
        for (const name of names) {
          const told = ids.get((await probe.event()).subscription)
          hold(told === name, `${told} came, not ${name}`)
        }
      },
    },
  ]),
  advanced('broker', 'subscription_meta_api', 'Subscription Meta API', [
    {
      text: 'list, lookup, match, get, list_subscribers and count_subscribers tell of subscriptions',
      async prove(bench) {
        const probe = await bench.join()
        const uri = bench.uri('known')
        const subscription = await probe.subscribe(uri)
        const ask = async (name: string, ...args: unknown[]) =>
          (await probe.result(`wamp.subscription.${name}`, args))[0]
        const all = await ask('list')
        hold(isDict(all), 'list gives no dict')
        const exact = all.exact as unknown[]
        hold(exact.map(Number).includes(subscription), 'the subscription is not in the list')
        hold(isSame(await ask('lookup', uri), subscription), 'lookup gives another')
        hold(isSame(await ask('match', uri), [subscription]), 'match gives others')
        const details = await ask('get', subscription)
        hold(isDict(details) && details.uri === uri, 'get tells of another')
        const members = await ask('list_subscribers', subscription)
        hold(isSame(members, [probe.session]), 'list_subscribers gives others')
        hold(isSame(await ask('count_subscribers', subscription), 1), 'count_subscribers')
      },
    },
    {
      text: 'on_create, on_subscribe, on_unsubscribe and on_delete tell of them',
      async prove(bench) {
        const [probe, other] = [await bench.join(), await bench.join()]
        const names = ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete']
        const ids = new Map<number, string>()
        for (const name of names) ids.set(await probe.subscribe(`wamp.subscription.${name}`), name)
        await probe.silence('an event before there is anything to tell')
        await other.subscribe(bench.uri('watched'))
        other.wire.terminate()
        for (const name of names) {
          const told = ids.get((await probe.event()).subscription)
          hold(told === name, `${told} came, not ${name}`)
        }
      },
    },
  ]),
  advanced('dealer', 'testament_meta_api', 'Testaments', [
    {
      text: 'what a session leaves behind is published when its connection breaks',
      async prove(bench) {
        const [probe, other] = [await bench.join(), await bench.join()]
        const topic = bench.uri('testament')
        await probe.subscribe(topic)
        await other.result('wamp.session.add_testament', [topic, ['gone'], {}])
        await probe.silence('a testament of a session that is there')
        other.wire.terminate()
        hold(isSame(argsOf(await probe.event()), ['gone']), 'the payload is another')
      },
    },
    {
      text: 'wamp.session.flush_testaments takes it back',
      async prove(bench) {
        const [probe, other] = [await bench.join(), await bench.join()]
        const topic = bench.uri('testament')
        await probe.subscribe(topic)
        await other.result('wamp.session.add_testament', [topic, ['gone'], {}])
        await other.result('wamp.session.flush_testaments')
        other.wire.terminate()
        await probe.silence('a testament that was taken back')
      },
    },
  ]),
]
