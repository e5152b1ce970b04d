import { NO_DETAILS, PUBLISH, UNSUBSCRIBE, UNSUBSCRIBED } from '../../protocol/messages.ts'
import { type Dict, NO_PAYLOAD, Payload } from '../../protocol/payload.ts'
import { advanced, type Bench, basic, hold, unprovable } from '../check.ts'
import { argsOf, nameOf } from '../probe.ts'
import { isSame, VALUES } from '../values.ts'

/** Who publishes, and two who are subscribed to the same topic. */
async function audience(bench: Bench, options?: Dict) {
  const [publisher, one, other] = [await bench.join(), await bench.join(), await bench.join()]
  const topic = bench.uri('topic')
  await one.subscribe(topic, options)
  await other.subscribe(topic, options)
  return { publisher, one, other, topic }
}

/** A list of a publication leaves one out, or lets one in. */
function listing(name: string, valuesOf: (session: number) => Dict, hearsOne: boolean) {
  return {
    text: `${name} ${hearsOne ? 'lets only those in' : 'leaves those out'} whom it names`,
    async prove(bench: Bench) {
      const { publisher, one, other, topic } = await audience(bench)
      await publisher.publish(topic, valuesOf(one.session))
      const [hears, deaf] = hearsOne ? [one, other] : [other, one]
      await hears.event()
      await deaf.silence(`${name} ${hearsOne ? 'names another' : 'names the session'}`)
    },
  }
}

export const pubsub = [
  basic('broker', 'subscribing and publishing', 'Subscribing and Unsubscribing', [
    {
      text: 'an event comes to all who subscribed to its topic, with args and kwargs',
      async prove(bench) {
        const { publisher, one, other, topic } = await audience(bench)
        await publisher.publish(topic, NO_DETAILS, Payload.of([1, 'two'], { three: 3 }))
        for (const probe of [one, other]) {
          const { payload } = await probe.event()
          const { args, kwargs } = payload.open()
          hold(isSame(args, [1, 'two']) && isSame(kwargs, { three: 3 }), 'the payload is another')
        }
      },
    },
    {
      text: 'EVENT has the ids of SUBSCRIBED and PUBLISHED',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('topic')
        const subscription = await probe.subscribe(topic)
        const publication = await publisher.publish(topic)
        const event = await probe.event()
        hold(event.subscription === subscription, 'the subscription is another')
        hold(event.publication === publication, 'the publication is another')
      },
    },
    {
      text: 'a publication is acknowledged only where that is asked for',
      async prove(bench) {
        const { publisher, one, topic } = await audience(bench)
        const request = publisher.next()
        publisher.send({ type: PUBLISH, request, options: {}, topic, payload: NO_PAYLOAD })
        await one.event()
        await publisher.silence('PUBLISH without acknowledge')
      },
    },
    {
      text: 'a publisher does not hear its own events',
      async prove(bench) {
        const probe = await bench.join()
        const topic = bench.uri('topic')
        await probe.subscribe(topic)
        await probe.publish(topic)
        await probe.silence('PUBLISH to a topic of its own')
      },
    },
    {
      text: 'to subscribe twice gives the same subscription, and each event once',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('topic')
        const [first, second] = [await probe.subscribe(topic), await probe.subscribe(topic)]
        hold(first === second, 'the second subscription has another id')
        await publisher.publish(topic)
        await probe.event()
        await probe.silence('a second EVENT')
      },
    },
    {
      text: 'after UNSUBSCRIBED no event comes',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('topic')
        const subscription = await probe.subscribe(topic)
        const request = probe.next()
        probe.send({ type: UNSUBSCRIBE, request, subscription })
        const answer = await probe.answer(request)
        hold(answer.type === UNSUBSCRIBED, `${nameOf(answer)} came, not UNSUBSCRIBED`)
        await publisher.publish(topic)
        await probe.silence('an event of a subscription that is over')
      },
    },
    {
      text: 'UNSUBSCRIBE of no subscription is wamp.error.no_such_subscription',
      async prove(bench) {
        const probe = await bench.join()
        const request = probe.next()
        probe.send({ type: UNSUBSCRIBE, request, subscription: 2 ** 52 + 1 })
        await probe.refusal(request, 'wamp.error.no_such_subscription')
      },
    },
    {
      text: 'events of one publisher come in order',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('topic')
        await probe.subscribe(topic)
        for (let i = 0; i < 200; i++) {
          const request = publisher.next()
          const payload = Payload.of([i])
          publisher.send({ type: PUBLISH, request, options: {}, topic, payload })
        }
        for (let i = 0; i < 200; i++) {
          const [value] = argsOf(await probe.event())
          hold(isSame(value, i), `event ${i} is ${String(value)}`)
        }
      },
    },
    {
      text: 'values arrive as they were sent',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('topic')
        await probe.subscribe(topic)
        for (const [name, value] of Object.entries(VALUES)) {
          await publisher.publish(topic, NO_DETAILS, Payload.of([value]))
          const [arrived] = argsOf(await probe.event())
          hold(isSame(arrived, value), `${name} is not what it was`)
        }
      },
    },
  ]),
  basic('broker', 'URIs of topics', 'URIs', [
    ...['', 'a..b', 'a b', 'a.#', '.a', 'a.'].map(topic => ({
      text: `"${topic}" is no topic: wamp.error.invalid_uri`,
      async prove(bench: Bench) {
        const probe = await bench.join()
        const request = probe.next()
        const options = { acknowledge: true }
        probe.send({ type: PUBLISH, request, options, topic, payload: NO_PAYLOAD })
        await probe.refusal(request, 'wamp.error.invalid_uri')
      },
    })),
    {
      text: 'nobody publishes below wamp.',
      async prove(bench) {
        const probe = await bench.join()
        const request = probe.next()
        const topic = 'wamp.conformance.topic'
        const options = { acknowledge: true }
        probe.send({ type: PUBLISH, request, options, topic, payload: NO_PAYLOAD })
        await probe.refusal(request, 'wamp.error.invalid_uri', 'wamp.error.not_authorized')
      },
    },
  ]),
  advanced('broker', 'publisher_exclusion', 'Publisher Exclusion', [
    {
      text: 'with exclude_me: false a publisher hears its own event',
      async prove(bench) {
        const probe = await bench.join()
        const topic = bench.uri('topic')
        await probe.subscribe(topic)
        await probe.publish(topic, { exclude_me: false })
        await probe.event()
      },
    },
  ]),
  advanced('broker', 'subscriber_blackwhite_listing', 'Subscriber Black- and Whitelisting', [
    listing('exclude', one => ({ exclude: [one] }), false),
    listing('eligible', one => ({ eligible: [one] }), true),
    {
      text: 'exclude goes before eligible',
      async prove(bench) {
        const { publisher, one, other, topic } = await audience(bench)
        const eligible = [one.session, other.session]
        await publisher.publish(topic, { eligible, exclude: [one.session] })
        await other.event()
        await one.silence('exclude and eligible name the session')
      },
    },
    {
      text: 'eligible_authrole and exclude_authrole take roles',
      async prove(bench) {
        const { publisher, one, topic } = await audience(bench)
        const { authrole } = one.welcome.details
        hold(typeof authrole === 'string', 'WELCOME names no authrole')
        await publisher.publish(topic, { eligible_authrole: [authrole] })
        await one.event()
        await publisher.publish(topic, { exclude_authrole: [authrole] })
        await one.silence('exclude_authrole names its role')
      },
    },
  ]),
  advanced('broker', 'publisher_identification', 'Publisher Identification', [
    {
      text: 'with disclose_me the event tells the publisher’s session',
      async prove(bench) {
        const { publisher, one, topic } = await audience(bench)
        await publisher.publish(topic, { disclose_me: true })
        const { publisher: told } = (await one.event()).details
        hold(isSame(told, publisher.session), `publisher is ${String(told)}`)
      },
    },
    {
      text: 'without it the event tells nothing',
      async prove(bench) {
        const { publisher, one, topic } = await audience(bench)
        await publisher.publish(topic)
        const { publisher: told } = (await one.event()).details
        hold(told === undefined || told === null, 'publisher is there')
      },
    },
  ]),
  advanced('broker', 'pattern_based_subscription', 'Pattern-based Subscription', [
    {
      text: 'a prefix meets the topics that begin with it, and tells which',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const base = bench.uri('prefix')
        await probe.subscribe(`${base}.a`, { match: 'prefix' })
        await publisher.publish(`${base}.a.b`)
        const { topic } = (await probe.event()).details
        hold(topic === `${base}.a.b`, `details.topic is ${String(topic)}`)
        await publisher.publish(`${base}.b`)
        await probe.silence('a topic that begins with something else')
      },
    },
    {
      text: 'a wildcard meets one component for each empty one',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const base = bench.uri('wildcard')
        await probe.subscribe(`${base}..c`, { match: 'wildcard' })
        await publisher.publish(`${base}.b.c`)
        const { topic } = (await probe.event()).details
        hold(topic === `${base}.b.c`, `details.topic is ${String(topic)}`)
        await publisher.publish(`${base}.b.b.c`)
        await probe.silence('a topic with one component more')
      },
    },
    {
      text: 'a session with several subscriptions that meet a topic hears each',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('several')
        const exact = await probe.subscribe(topic)
        const prefix = await probe.subscribe(topic, { match: 'prefix' })
        hold(exact !== prefix, 'both have the same id')
        await publisher.publish(topic)
        const events = [await probe.event(), await probe.event()]
        const ids = new Set(events.map(({ subscription }) => subscription))
        hold(ids.has(exact) && ids.has(prefix), 'two events of one subscription came')
      },
    },
  ]),
  advanced('broker', 'event_retention', 'Event Retention', [
    {
      text: 'what is retained comes to who asks for it later, and is marked',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('retained')
        await publisher.publish(topic, { retain: true }, Payload.of(['kept']))
        await probe.subscribe(topic, { get_retained: true })
        const event = await probe.event()
        hold(isSame(argsOf(event), ['kept']), 'the payload is another')
        hold(event.details.retained === true, 'details.retained is not true')
      },
    },
    {
      text: 'it comes to nobody who does not ask',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(), await bench.join()]
        const topic = bench.uri('retained')
        await publisher.publish(topic, { retain: true })
        await probe.subscribe(topic)
        await probe.silence('a retained event')
      },
    },
  ]),
  advanced('broker', 'payload_passthru_mode', 'Payload Passthru Mode', [
    {
      text: 'EVENT says of the payload what PUBLISH did',
      async prove(bench) {
        const { publisher, one, topic } = await audience(bench)
        const ppt = { ppt_scheme: 'x_conformance', ppt_serializer: 'native' }
        await publisher.publish(topic, ppt, Payload.of(['opaque']))
        const { details } = await one.event()
        for (const [key, value] of Object.entries(ppt)) {
          hold(details[key] === value, `details.${key} is ${String(details[key])}`)
        }
      },
    },
  ]),
  advanced('broker', 'event_history', 'Event History', [
    unprovable('topics with a history are a matter of configuration'),
  ]),
  advanced('broker', 'publication_trustlevels', 'Publication Trust Levels', [
    unprovable('levels are a matter of configuration'),
  ]),
  advanced('broker', 'subscription_revocation', 'Subscription Revocation', [
    unprovable('no message of a client revokes one by the specification'),
  ]),
]
