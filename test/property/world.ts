import { createHmac } from 'node:crypto'
import { dynamicMethods } from '../../src/auth/dynamic.ts'
import { methodsOf } from '../../src/auth/methods.ts'
import { Counters } from '../../src/base/counters.ts'
import { Backlog } from '../../src/delivery/backlog.ts'
import type { Match } from '../../src/match/uri.ts'
import { CALL, type Message } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { type Permission, Role, Rules, unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { Attempts } from '../../src/session/attempts.ts'
import { Heartbeat } from '../../src/session/heartbeat.ts'
import { Link, type Reception } from '../../src/session/link.ts'
import { Openings } from '../../src/session/openings.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { collectGarbage } from '../helpers/memory.ts'
import { PROTOCOLS, type Wamp } from '../helpers/raw-client.ts'
import { Recorder } from '../helpers/recorder.ts'
import {
  Client,
  type Held,
  type Listener,
  type Manner,
  type Request,
  SEND_BUFFER,
  Sitting,
} from './client.ts'
import { chance, type Step } from './steps.ts'

const [HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR] = [1, 2, 3, 4, 5, 6, 8]
const [PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED] = [
  16, 17, 32, 33, 34, 35,
]
const [EVENT, CANCEL, RESULT, REGISTER, REGISTERED, UNREGISTER] = [36, 49, 50, 64, 65, 66]
const [UNREGISTERED, INVOCATION, INTERRUPT, YIELD] = [67, 68, 69, 70]

/** The message that answers a request well. */
const ANSWERS: Readonly<Record<number, number>> = {
  [PUBLISH]: PUBLISHED,
  [SUBSCRIBE]: SUBSCRIBED,
  [UNSUBSCRIBE]: UNSUBSCRIBED,
  [REGISTER]: REGISTERED,
  [UNREGISTER]: UNREGISTERED,
  [CALL]: RESULT,
}

const URIS = ['a', 'a.b', 'a.b.c', 'b', 'b.c', 'c.d']
const PATTERNS: readonly (readonly [Match, string])[] = [
  ...URIS.map(uri => ['exact', uri] as const),
  ...['a', 'a.', '', 'b', 'wamp.'].map(uri => ['prefix', uri] as const),
  ...['a..c', '.b', 'a.', '..'].map(uri => ['wildcard', uri] as const),
]
const INVOKES = ['single', 'roundrobin', 'first', 'last', 'random', '_least_pending', '_sticky']
const ALL = { call: true, register: true, publish: true, subscribe: true }
const META = { uri: 'wamp', match: 'prefix', allow: ALL } as const
const RULES: readonly (readonly Permission[])[] = [
  [
    { uri: 'a', match: 'prefix', allow: ALL },
    { uri: 'b', match: 'prefix', allow: { ...ALL, publish: false, register: false } },
    META,
  ],
  [{ uri: '', match: 'prefix', allow: { ...ALL, call: false } }, META],
  [],
]
const SECRET = 'horse'
const ABLE = { progressive_call_invocations: true, progressive_call_results: true }
const CALLEE = { ...ABLE, call_canceling: true, call_reroute: true, registration_revocation: true }

/** Nothing that a model does takes longer: what is to happen has happened then. Milliseconds. */
const AGES = 60_000

interface Publication {
  readonly publisher: string
  readonly seq: number
  readonly topic: string
  readonly retains: boolean
  readonly excludesMe: boolean
  readonly admits: (sitting: Sitting) => boolean
  readonly request: number
  /** Subscriptions that must hear it, if it is acknowledged. */
  readonly due: { sitting: Sitting; held: Held }[]
  readonly heard: Set<string>
  fate: 'unknown' | 'published' | 'refused' | 'checked'
}

interface Call {
  readonly caller: Sitting
  readonly request: Request
}

/** Something that a promise waits for. */
type Decision = (outcome: number) => void

/**
 * A realm, links and serializers as they are, between clients in memory, under a clock that stands
 * still. Steps happen to the router, and what clients hear is held against what they sent.
 */
export class World implements Listener {
  readonly #clock = new FakeClock()
  readonly #log = errorLog()
  readonly #realm: Realm
  readonly #rules: readonly Rules[]
  readonly #reception: Reception
  readonly #inspector = new Recorder({ role: unrestricted('inspector', 'loose') })
  readonly #clients: Client[] = []
  readonly #publications = new Map<string, Publication>()
  readonly #calls = new Map<string, Call>()
  readonly #sittings: Sitting[] = []
  readonly #decisions: Decision[] = []
  /** To see whether anything keeps them. */
  readonly #links: WeakRef<Link>[] = []
  readonly #faults: string[] = []
  #maxOpenings = 5
  #ids = 0
  #publicationsSent = 0

  constructor() {
    const clock = this.#clock
    const log = this.#log
    const counters = new Counters()
    const ask = () => new Promise<unknown>(resolve => this.#decisions.push(n => resolve(n % 3 > 0)))
    const authorizer = { clock, log, ttl: 300, maxDecisions: 3, maxQueue: 5, ask }
    this.#rules = [
      ...RULES.map(rules => new Rules(rules, 'loose')),
      new Rules([META], 'loose', { authorizer }),
    ]
    this.#realm = new Realm(
      {
        name: 'realm1',
        uriCheck: 'loose',
        strictRequestIds: false,
        roles: [
          unrestricted('free', 'loose'),
          new Role('limited', this.#rules[0] as Rules),
          new Role('asked', this.#rules[3] as Rules),
        ],
        rpc: { queue_limit: 3, queue_timeout: 400, max_wait: 400 },
        pubsub: { retained_events: { limit: 5, max_age: 5000 } },
        clock,
        counters,
        random: chance(1),
      },
      () => ++this.#ids,
    )
    this.#realm.join(this.#inspector)
    const surroundings = { clock, log, counters, call: () => Promise.reject(new Error('nobody')) }
    const application = () =>
      new Promise<object | null>((resolve, reject) => {
        this.#decisions.push(n => {
          if (n % 4 === 0) reject(new Error('no idea'))
          else resolve(n % 4 === 1 ? null : { role: 'free', secret: SECRET })
        })
      })
    const methods = [
      ...methodsOf(
        {
          anonymous: { role: 'free' },
          ticket: {
            principals: {
              joe: { ticket: SECRET, role: 'limited' },
              ann: { ticket: SECRET, role: 'asked' },
            },
          },
          wampcra: { principals: { cra: { secret: SECRET, role: 'limited' } } },
        },
        surroundings,
      ),
      ...dynamicMethods(['wampcra'], application as never, surroundings),
    ]
    this.#reception = {
      clock,
      log,
      counters,
      randomId: () => ++this.#ids,
      heartbeat: new Heartbeat(clock, 10_000),
      handshakeTimeout: 10_000,
      goodbyeTimeout: 1000,
      sendBuffer: { limit: SEND_BUFFER, policy: 'disconnect' },
      backlog: new Backlog(),
      traffic: new Traffic(),
      maxHelloSize: 2000,
      openings: new Openings(() => this.#maxOpenings),
      attempts: new Attempts(clock, () => ({ maxFailures: 3, backoff: 1000 })),
      realm: name => (name === 'realm1' ? this.#realm : undefined),
      methods: () => methods,
      isOpen: () => true,
      hasRoom: () => true,
      left: () => {},
    }
  }

  fault(text: string): void {
    this.#faults.push(text)
  }

  /** All steps, and then the end of all. Throws what is found to be wrong. */
  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this[step.does](step)
      if (!step.atOnce) await this.#check()
      this.#complain()
    }
    await this.#check()
    await this.#quiesce()
    await this.#depart()
  }

  // What may happen.

  connect({ who, a, b, c }: Step): Client | undefined {
    const before = this.#clients[who]
    if (before !== undefined && !before.isGone) return undefined
    const manners: Manner[] = ['at once', 'later', 'at once', 'later', 'never']
    const protocol = PROTOCOLS[b % 3] as string
    const client = new Client(protocol, a % 2 === 0, manners[c % 5] as Manner, this)
    this.#clients[who] = client
    const serializer = SERIALIZERS[b % 3] as (typeof SERIALIZERS)[number]
    client.link = new Link(client, serializer, this.#reception)
    this.#links.push(new WeakRef(client.link))
    return client
  }

  /** A client that comes and does all that it takes to have a session. */
  join(step: Step): void {
    this.connect(step)
    // Nothing comes over a connection before the turn is over in which it was opened.
    queueMicrotask(() => {
      const client = this.#client(step)
      if (client === undefined || client.phase !== 'opening') return
      if (client.challenge !== null) this.#authenticate(client, true)
      else if (client.asked === null) this.#greet(client, step.a % 16)
    })
  }

  hello(step: Step): void {
    const client = this.#client(step)
    if (client === undefined || client.phase !== 'opening' || client.asked !== null) return
    this.#greet(client, step.b % 16)
  }

  authenticate(step: Step): void {
    const client = this.#client(step)
    if (client?.challenge == null) return
    this.#authenticate(client, step.a % 2 === 0)
  }

  subscribe(step: Step): void {
    const [match, uri] = PATTERNS[step.a % PATTERNS.length] as readonly [Match, string]
    const options = {
      ...(step.b % 16 === 0 ? { match: 'nonsense' } : match === 'exact' ? {} : { match }),
      ...(step.c % 3 === 0 ? { get_retained: true } : {}),
    }
    this.#ask(step, SUBSCRIBE, [options, step.b % 16 === 1 ? 'a b' : uri], { uri, match })
  }

  unsubscribe(step: Step): void {
    const id = this.#idOf(step, this.#client(step)?.session?.subscriptions)
    this.#ask(step, UNSUBSCRIBE, [id], { id })
  }

  register(step: Step): void {
    const [match, uri] = PATTERNS[step.a % PATTERNS.length] as readonly [Match, string]
    const options = {
      match,
      invoke: INVOKES[step.b % INVOKES.length],
      ...(step.c % 5 === 0 ? { concurrency: 1 } : {}),
      ...(step.c % 16 === 1 ? { force_reregister: true } : {}),
    }
    this.#ask(step, REGISTER, [options, uri], { uri, match })
  }

  unregister(step: Step): void {
    const id = this.#idOf(step, this.#client(step)?.session?.registrations)
    this.#ask(step, UNREGISTER, [id], { id })
  }

  publish(step: Step): void {
    const { a, b, c } = step
    const sitting = this.#client(step)?.session
    if (sitting == null) return
    const topic = URIS[a % URIS.length] as string
    const others = this.#alive()
    const other = others[c % others.length] as Sitting
    const [lists, admits] = this.#lists(b % 10, other)
    const excludesMe = b % 3 > 0
    const acknowledge = c % 4 > 0
    const retain = b % 4 === 0
    const seq = ++this.#publicationsSent
    const publication: Publication = {
      publisher: sitting.key,
      seq,
      topic,
      retains: retain,
      excludesMe,
      admits,
      request: sitting.lastRequest + 1,
      due: others
        .filter(one => admits(one) && !(excludesMe && one === sitting))
        .flatMap(one => [...one.subscriptions.values()].map(held => ({ sitting: one, held })))
        .filter(({ held }) => meets(held, topic)),
      heard: new Set(),
      fate: 'unknown',
    }
    this.#publications.set(`${sitting.key} ${seq}`, publication)
    const options = {
      ...lists,
      ...(excludesMe ? {} : { exclude_me: false }),
      ...(acknowledge ? { acknowledge: true } : {}),
      ...(retain ? { retain: true } : {}),
      ...(c % 8 === 0 ? { disclose_me: true } : {}),
    }
    const payload = [sitting.key, seq, topic, FILLERS[a % FILLERS.length]]
    const rest = [options, topic, payload, ...(a % 2 ? [{ key: FILLERS[b % 4] }] : [])]
    this.#ask(step, PUBLISH, rest, { uri: topic }, acknowledge)
  }

  call(step: Step): void {
    const { a, b, c } = step
    const client = this.#client(step)
    const sitting = client?.session
    if (sitting == null) return
    const request = sitting.lastRequest + 1
    const parts = client?.isAble === true && c % 6 === 0
    const hearsProgress = b % 2 === 0
    const timeout = [undefined, undefined, 50, 300, 'soon'][c % 5]
    const options = {
      ...(hearsProgress ? { receive_progress: true } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(b % 5 === 0 ? { _wait: 200 } : {}),
      ...(b % 7 === 0 ? { disclose_me: true } : {}),
      ...(parts ? { progress: true } : {}),
    }
    const procedure = URIS[a % URIS.length] as string
    const rest = [options, procedure, [sitting.key, request, FILLERS[b % FILLERS.length]]]
    this.#ask(step, CALL, rest, { uri: procedure, parts, hearsProgress })
  }

  /** A further part of a call. */
  part(step: Step): void {
    const client = this.#client(step)
    const sitting = client?.session
    if (sitting == null) return
    const found = pick(
      [...sitting.requests].filter(([, { parts }]) => parts),
      step.a,
    )
    if (found === undefined) return
    const [request, asked] = found
    const progress = step.b % 2 === 0
    asked.parts = progress
    client?.send([CALL, request, { progress }, asked.uri, [sitting.key, request, 'part']])
  }

  answer(step: Step): void {
    const client = this.#client(step)
    const sitting = client?.session
    if (client === undefined || sitting == null) return
    const isLate = step.b % 16 === 0
    const found = pick(
      [...sitting.invocations].filter(([, one]) => one.isOpen || isLate),
      step.a,
    )
    if (found === undefined) return
    const [invocation, invoked] = found
    const kind = step.b % 8
    const payload = [sitting.key, invocation, FILLERS[step.c % FILLERS.length]]
    if (kind !== 1) invoked.isOpen = false
    if (kind === 1) client.send([YIELD, invocation, { progress: true }, payload])
    else if (kind === 2) client.send([ERROR, INVOCATION, invocation, {}, 'app.error', payload])
    else if (kind === 3) {
      client.send([ERROR, INVOCATION, invocation, {}, 'wamp.error.unavailable', payload])
    } else client.send([YIELD, invocation, {}, payload])
  }

  cancel(step: Step): void {
    const client = this.#client(step)
    const calls = [...(client?.session?.requests ?? [])].filter(([, { type }]) => type === CALL)
    const found = pick(calls, step.a)
    const mode = ['skip', 'kill', 'killnowait', 'nonsense'][step.b % 4]
    if (found !== undefined) client?.send([CANCEL, found[0], { mode }])
  }

  meta(step: Step): void {
    const others = this.#alive()
    const other = others[step.b % (others.length || 1)]
    if (other === undefined) return
    const held = pick([...other.subscriptions.keys()], step.c) ?? 1
    const registration = pick([...other.registrations.keys()], step.c) ?? 1
    const kwargs = { reason: 'app.reason' }
    const asked: [string, unknown[], object?][] = [
      ['wamp.session.kill', [other.id], kwargs],
      ['wamp.session.get', [other.id]],
      ['wamp.session.kill_by_authid', [other.authid]],
      ['wamp.session.kill_by_authrole', [other.authrole]],
      ['wamp.subscription.remove_subscriber', [held, other.id], kwargs],
      ['wamp.registration.remove_callee', [registration, other.id], kwargs],
      ['wamp.registration.list', []],
      ['wamp.session.kill', ['nobody']],
      ['wamp.no.such.procedure', []],
      ['wampd.retained.purge', ['a']],
      ['wampd.authorizer.purge', [other.authid]],
    ]
    const [uri, args, more] = asked[step.a % asked.length] as (typeof asked)[number]
    this.#ask(step, CALL, [{}, uri, args, ...(more === undefined ? [] : [more])], { uri })
  }

  testament(step: Step): void {
    const uri = 'wamp.session.add_testament'
    const topic = URIS[step.a % URIS.length]
    this.#ask(step, CALL, [{}, uri, [topic, ['testament', topic], {}]], { uri })
  }

  /** What a sound client does not send. It may end the session; it may harm nobody else. */
  wrong(step: Step): void {
    const client = this.#client(step)
    if (client === undefined) return
    client.hasErred = true
    const wrong = [
      [99, 1],
      [EVENT, 1, 2, {}],
      [YIELD, 4711, {}],
      [ERROR, 48, 1, {}, 'a.b'],
      [SUBSCRIBE, 0, {}, 'a'],
      [PUBLISH, 1, [], 'a'],
      [HELLO, 'realm1', { roles: rolesOf(client) }],
      [CALL, 2 ** 53 + 2, {}, 'a'],
      [AUTHENTICATE, 'x', {}],
    ]
    const isBinary = client.protocol !== 'wamp.2.json'
    if (step.a % 12 < wrong.length) client.send(wrong[step.a % 12])
    else if (step.a % 12 === 10) client.sendRaw(Buffer.from('[6,{},"a.b"]'), !isBinary)
    else client.sendRaw(Buffer.from([step.b, step.c, step.a]), isBinary)
  }

  goodbye(step: Step): void {
    const client = this.#client(step)
    if (client === undefined || client.session === null) return
    client.phase = 'leaving'
    client.send([GOODBYE, {}, 'wamp.close.close_realm'])
  }

  abort(step: Step): void {
    this.#client(step)?.send([ABORT, {}, 'app.abort'])
  }

  drop(step: Step): void {
    this.#clients[step.who]?.gone()
  }

  slow(step: Step): void {
    const client = this.#client(step)
    if (client !== undefined) client.isSlow = true
  }

  drain(step: Step): void {
    const client = this.#clients[step.who]
    if (client === undefined) return
    client.isSlow = false
    client.buffered = 0
    client.link?.drained()
  }

  pass({ a, b }: Step): void {
    this.#clock.pass([5, 5, 20, 20, 60, 60, 350, 1100, 11_000][a % 9] as number)
    // Connections that were closed have closed.
    if (b % 2 === 0) this.#hangUp()
  }

  /** The authorizer, or the application that knows who somebody is, has made up its mind. */
  decide({ a, b }: Step): void {
    const [decision] = this.#decisions.splice(a % (this.#decisions.length || 1), 1)
    decision?.(b)
  }

  reload({ a }: Step): void {
    const free = this.#realm.role('free') as Role
    const [limited, asked] = [this.#rules[a % 3], this.#rules[a % 5 === 0 ? 0 : 3]]
    const wanted = { free: free.rules, limited: limited as Rules, asked: asked as Rules }
    this.#realm.changeRoles(new Map(Object.entries(wanted)))
  }

  // What clients hear.

  hear(client: Client, message: Wamp): void {
    const [type] = message
    if (client.phase === 'opening') this.#hearBefore(client, message)
    else if (type === GOODBYE || type === ABORT) {
      if (type === ABORT) this.#hearAbort(client, message)
      client.endSitting()
      const isAnswer = type === GOODBYE && client.phase === 'leaving'
      client.phase = isAnswer ? 'opening' : 'farewell'
      client.asked = null
    } else this.#hearWithin(client, client.sitting as Sitting, message)
  }

  closing(_: Client, code: number): void {
    const waiting = this.#clients.filter(one => one?.isGone === false && one.sitting === null)
    if (code === 1013 && waiting.length <= this.#maxOpenings)
      this.fault('not too many, but refused')
  }

  #hearBefore(client: Client, message: Wamp): void {
    const [type, first, second] = message
    if (type === CHALLENGE) client.challenge = second as Record<string, unknown>
    else if (type === ABORT) {
      client.phase = 'farewell'
      this.#hearAbort(client, message)
    } else if (type === WELCOME && (client.asked !== null || client.hasErred)) {
      const { authid, authrole } = second as { authid: string; authrole: string }
      const key = `s${this.#sittings.length}`
      client.sitting = new Sitting(key, first as number, authid, authrole)
      this.#sittings.push(client.sitting)
      client.phase = 'open'
    } else this.fault(`before a session: ${message}`)
  }

  #hearAbort(client: Client, [, , reason]: Wamp): void {
    if (reason === 'wampd.error.internal_error') this.fault('an error of the router’s own')
    if (reason === 'wamp.error.protocol_violation' && !client.hasErred) {
      this.fault('a sound client is told that it broke the rules')
    }
  }

  #hearWithin(client: Client, sitting: Sitting, message: Wamp): void {
    const [type, first, second, third, fourth, fifth] = message
    if (type === EVENT) {
      this.#hearEvent(sitting, first as number, third as EventDetails, fourth as unknown[])
    } else if (type === INVOCATION) {
      this.#hearInvocation(sitting, first as number, second as number, fourth as unknown[])
    } else if (type === INTERRUPT) {
      if (!sitting.invocations.has(first as number)) this.fault(`INTERRUPT of nothing: ${message}`)
      if (!client.isAble) this.fault('INTERRUPT to one who cannot be interrupted')
    } else if ((type === UNSUBSCRIBED || type === UNREGISTERED) && first === 0) {
      this.#hearRevoked(sitting, type, second as Record<string, unknown>)
    } else if (type === ERROR) {
      const request = this.#answered(sitting, second as number, first as number, message)
      if (first === PUBLISH) this.#settlePublication(sitting, second as number, 'refused')
      if (request !== undefined && fourth === 'app.error') this.#hearAnswer(sitting, message, fifth)
    } else if (type === RESULT && (second as { progress?: boolean }).progress === true) {
      const request = sitting.requests.get(first as number)
      if (request?.isOpen !== true || !request.hearsProgress) this.fault(`unasked: ${message}`)
      this.#hearAnswer(sitting, [0, 0, first], third)
    } else {
      const [asked] = Object.entries(ANSWERS).find(([, answer]) => answer === type) ?? []
      const request = this.#answered(sitting, first as number, Number(asked), message)
      if (request !== undefined) this.#hearSuccess(sitting, request, message)
    }
  }

  #answered(sitting: Sitting, id: number, type: number, message: Wamp): Request | undefined {
    const request = sitting.requests.get(id)
    if (request?.type === type && request.isOpen) {
      request.isOpen = false
      return request
    }
    this.fault(`${sitting.key} hears an answer to nothing: ${JSON.stringify(message)}`)
    return undefined
  }

  #hearSuccess(sitting: Sitting, request: Request, message: Wamp): void {
    const [type, first, second, third] = message
    const held = { id: second as number, uri: request.uri, match: request.match }
    if (type === SUBSCRIBED) {
      if (!sitting.subscriptions.has(held.id)) sitting.subscriptions.set(held.id, held)
    } else if (type === REGISTERED) sitting.registrations.set(held.id, held)
    else if (type === UNSUBSCRIBED) sitting.subscriptions.delete(request.id)
    else if (type === UNREGISTERED) sitting.registrations.delete(request.id)
    else if (type === PUBLISHED) this.#settlePublication(sitting, first as number, 'published')
    else if (!request.uri.startsWith('wamp')) this.#hearAnswer(sitting, [0, 0, first], third)
  }

  /** A result is that of somebody to whom the call went. */
  #hearAnswer(sitting: Sitting, [, , request]: unknown[], payload: unknown): void {
    const [key, invocation] = payload as [string, number]
    const callee = this.#sittings.find(one => one.key === key)
    const invoked = callee?.invocations.get(invocation)
    if (invoked?.caller === sitting.key && invoked.request === request) return
    this.fault(`${sitting.key} hears of ${request} what was meant for another`)
  }

  #hearRevoked(sitting: Sitting, type: number, details: Record<string, unknown>): void {
    const gone =
      type === UNSUBSCRIBED
        ? sitting.subscriptions.delete(details.subscription as number)
        : sitting.registrations.delete(details.registration as number)
    if (!gone) this.fault('taken away what it had not')
  }

  #hearEvent(sitting: Sitting, id: number, details: EventDetails, args: unknown[]): void {
    const held = sitting.subscriptions.get(id)
    if (held === undefined) {
      this.fault(`${sitting.key} hears an event of ${id}, to which it is not subscribed`)
      return
    }
    if (held.uri.startsWith('wamp')) return
    const [publisher, seq, topic] = args as [string, number, string]
    if (publisher === 'testament') {
      if (!meets(held, String(seq))) this.fault('a testament for others')
      return
    }
    const publication = this.#publications.get(`${publisher} ${seq}`)
    if (publication === undefined || publication.topic !== topic) {
      this.fault('an event of what nobody published')
      return
    }
    if (held.match !== 'exact' && details.topic !== topic) this.fault('an event without its topic')
    if (!meets(held, topic)) this.fault(`${topic} does not meet ${held.match} ${held.uri}`)
    if (!publication.admits(sitting)) this.fault('an event for others')
    if (publication.fate === 'refused') this.fault('an event of what was refused')
    if (details.retained === true) {
      if (!publication.retains) this.fault('retained what was not to be')
      return
    }
    if (publication.excludesMe && publisher === sitting.key) this.fault('an event of its own')
    const stream = `${id} ${publisher}`
    if ((sitting.heard.get(stream) ?? 0) >= seq) this.fault('events out of order, or twice')
    sitting.heard.set(stream, seq)
    publication.heard.add(`${sitting.key} ${id}`)
  }

  #hearInvocation(sitting: Sitting, id: number, registration: number, args: unknown[]): void {
    const [caller, request] = args as [string, number]
    if (!this.#calls.has(`${caller} ${request}`)) this.fault('an invocation that nobody called for')
    if (!sitting.registrations.has(registration)) {
      const isPart = sitting.invocations.get(id)?.request === request
      if (!isPart) this.fault(`${sitting.key} is called for ${registration}, which it has not`)
    }
    const known = sitting.invocations.get(id)
    if (known === undefined) {
      const last = Math.max(0, ...sitting.invocations.keys())
      if (id !== last + 1) this.fault(`invocation ${id} behind ${last}`)
      sitting.invocations.set(id, { caller, request, isOpen: true })
    } else if (known.caller !== caller || known.request !== request) {
      this.fault(`invocation ${id} is another’s`)
    }
  }

  #settlePublication(sitting: Sitting, request: number, fate: Publication['fate']): void {
    for (const one of this.#publications.values()) {
      if (one.publisher !== sitting.key || one.request !== request) continue
      one.fate = fate
      if (fate === 'refused' && one.heard.size > 0) this.fault('an event of what was refused')
    }
  }

  // What must hold.

  /** Lets the router send, and compares its tables with what clients know. */
  async #check(): Promise<void> {
    await turns()
    for (const one of this.#publications.values()) {
      if (one.fate !== 'published') continue
      one.fate = 'checked'
      for (const { sitting, held } of one.due) {
        const isThere = !sitting.isOver && sitting.subscriptions.get(held.id) === held
        if (!isThere || one.heard.has(`${sitting.key} ${held.id}`)) continue
        this.fault(`${sitting.key} did not hear ${one.seq} of ${one.publisher}`)
      }
    }
    this.#compare()
    this.#complain()
  }

  #compare(): void {
    const sittings = this.#alive()
    const ids = [this.#inspector.id, ...sittings.map(({ id }) => id)]
    this.#same('sessions', this.#meta('wamp.session.list'), ids)
    this.#same('count', [this.#meta('wamp.session.count')], [ids.length])
    this.#compareHeld('subscription', 'list_subscribers', one => one.subscriptions)
    this.#compareHeld('registration', 'list_callees', one => one.registrations)
  }

  #compareHeld(
    kind: string,
    list: string,
    heldBy: (sitting: Sitting) => ReadonlyMap<number, Held>,
  ): void {
    const lists = this.#meta(`wamp.${kind}.list`) as Record<Match, number[]>
    const holders = new Map<number, { held: Held; sessions: number[] }>()
    for (const sitting of this.#alive()) {
      for (const held of heldBy(sitting).values()) {
        const known = holders.get(held.id)
        if (known === undefined) holders.set(held.id, { held, sessions: [sitting.id] })
        else known.sessions.push(sitting.id)
      }
    }
    for (const match of ['exact', 'prefix', 'wildcard'] as const) {
      const wanted = [...holders.values()].filter(({ held }) => held.match === match)
      this.#same(
        `${kind}s`,
        lists[match],
        wanted.map(({ held }) => held.id),
      )
    }
    for (const [id, { held, sessions }] of holders) {
      const facts = this.#meta(`wamp.${kind}.get`, [id]) as Held
      if (facts?.uri !== held.uri) this.fault(`${kind} ${id} is of ${facts?.uri}, not ${held.uri}`)
      this.#same(`holders of ${kind} ${id}`, this.#meta(`wamp.${kind}.${list}`, [id]), sessions)
    }
  }

  #same(what: string, found: unknown, wanted: number[]): void {
    const text = (ids: unknown) => [...((ids ?? []) as number[])].sort((a, b) => a - b).join()
    if (text(found) === text(wanted)) return
    this.fault(`${what}: the router has ${text(found)}, clients know ${text(wanted)}`)
  }

  /** Everybody answers, reads and decides, and time passes: then every request is answered. */
  async #quiesce(): Promise<void> {
    for (let time = 0; time < AGES; time += 500) {
      for (const decision of this.#decisions.splice(0)) decision(2)
      for (const [who, client] of this.#clients.entries()) {
        if (client === undefined) continue
        if (client.isSlow) this.drain({ ...NOTHING, does: 'drain', who })
        if (client.challenge !== null && client.phase === 'opening')
          this.#authenticate(client, true)
        for (const [id, request] of client.session?.requests ?? []) {
          if (!request.parts) continue
          request.parts = false
          client.send([CALL, id, {}, request.uri, [client.session?.key, id, 'last']])
        }
        for (const [id, invoked] of client.session?.invocations ?? []) {
          if (!invoked.isOpen) continue
          invoked.isOpen = false
          client.send([YIELD, id, {}, [client.session?.key, id]])
        }
      }
      this.#hangUp()
      this.#clock.pass(500)
      await turns()
    }
    await this.#check()
    for (const sitting of this.#alive()) {
      for (const [id, { type, isOpen, uri }] of sitting.requests) {
        if (isOpen) this.fault(`${sitting.key}: request ${id} (${type} ${uri}) is never answered`)
      }
      const member = this.#realm.members.get(sitting.id)
      if (member && this.#realm.isBusy(member)) this.fault(`${sitting.key} has calls that are over`)
    }
    this.#complain()
  }

  /** All leave: nothing of them stays. */
  async #depart(): Promise<void> {
    for (const client of this.#clients) client?.gone()
    this.#clients.length = 0
    await this.#check()
    this.#clock.pass(AGES)
    this.#realm.leave(this.#inspector)
    if (this.#realm.members.size > 0) this.fault('the realm has members')
    if (this.#clock.pending !== 1) this.fault(`${this.#clock.pending - 1} timers are still set`)
    this.#reception.heartbeat.retire()
    if (this.#clock.pending !== 0) this.fault('the heartbeat has connections')
    this.#maxOpenings = 1
    if (!this.#reception.openings.enter(this)) this.fault('connections are still being opened')
    let kept = this.#links.length
    // What the engine itself still has on its stack is gone after a while.
    for (let i = 0; i < 5 && kept > 0; i++) {
      await turns()
      collectGarbage()
      kept = this.#links.filter(link => link.deref() !== undefined).length
    }
    if (kept > 0) this.fault(`${kept} connections that are gone are still held`)
    for (const error of this.#log.errors) this.fault(`logged: ${error}`)
    this.#complain()
  }

  #complain(): void {
    if (this.#faults.length > 0) throw new Error(`model: ${this.#faults.join('\n')}`)
    if (this.#log.errors.length > 0) throw new Error(this.#log.errors.join('\n'))
  }

  // How it is done.

  #client({ who }: Step): Client | undefined {
    const client = this.#clients[who]
    return client === undefined || client.isGone || client.isClosing ? undefined : client
  }

  #alive(): Sitting[] {
    return this.#clients.flatMap(client => client?.sitting ?? [])
  }

  #hangUp(): void {
    for (const client of this.#clients) {
      if (client?.isClosing === true && client.manner !== 'never') client.gone()
    }
  }

  #greet(client: Client, kind: number): void {
    const roles = rolesOf(client)
    const kinds: [Client['asked'], string[], string | undefined][] = [
      ...new Array(9).fill(['anonymous', [], undefined]),
      ['ticket', ['ticket'], 'joe'],
      ['ticket', ['ticket'], 'ann'],
      ['ticket', ['ticket'], 'ann'],
      ['ticket', ['ticket'], 'nobody'],
      ['wampcra', ['wampcra'], 'cra'],
      ['wampcra', ['wampcra'], 'other'],
      ['other', ['scram'], 'joe'],
    ]
    const [asked, authmethods, authid] = kinds[kind] as (typeof kinds)[number]
    client.asked = asked
    const realm = asked === 'other' && client.isAble ? 'realm2' : 'realm1'
    client.send([HELLO, realm, { roles, authmethods, ...(authid && { authid }) }])
  }

  #authenticate(client: Client, well: boolean): void {
    const { challenge } = client.challenge as { challenge?: string }
    client.challenge = null
    const proof =
      challenge === undefined
        ? SECRET
        : createHmac('sha256', SECRET).update(challenge).digest('base64')
    client.send([AUTHENTICATE, well ? proof : 'wrong', {}])
  }

  #ask(
    step: Step,
    type: number,
    rest: unknown[],
    facts: Partial<Request>,
    isAnswered = true,
  ): void {
    const client = this.#client(step)
    const sitting = client?.session
    if (client === undefined || sitting == null) return
    const id = ++sitting.lastRequest
    const request: Request = {
      ...{ type, isOpen: true, uri: '', match: 'exact', id: 0, parts: false, hearsProgress: false },
      ...facts,
    }
    if (isAnswered) sitting.requests.set(id, request)
    if (type === CALL) this.#calls.set(`${sitting.key} ${id}`, { caller: sitting, request })
    client.send([type, id, ...rest])
  }

  /** The id of something that is held, or of nothing. */
  #idOf({ a, b }: Step, held: ReadonlyMap<number, Held> | undefined): number {
    return (b % 8 === 0 ? undefined : pick([...(held?.keys() ?? [])], a)) ?? 4711
  }

  #lists(kind: number, other: Sitting): [object, (sitting: Sitting) => boolean] {
    const { id, authid, authrole } = other
    const lists: [object, (sitting: Sitting) => boolean][] = [
      [{ exclude: [id] }, one => one.id !== id],
      [{ eligible: [id] }, one => one.id === id],
      [{ exclude_authid: [authid] }, one => one.authid !== authid],
      [{ eligible_authrole: [authrole] }, one => one.authrole === authrole],
      [{ exclude_authrole: [authrole], eligible: [id] }, () => false],
    ]
    return lists[kind] ?? [{}, () => true]
  }

  #meta(procedure: string, args: unknown[] = []): unknown {
    this.#inspector.take()
    const payload = Payload.of(args)
    const message = { type: CALL, request: ++this.#ids, options: {}, procedure, payload }
    this.#realm.receive(this.#inspector, message as Message)
    const [answer] = this.#inspector.take()
    return answer?.[0] === RESULT ? (answer[3] as unknown[])[0] : undefined
  }
}

/** All hear when something is taken from them, or the model would not know. */
function rolesOf({ isAble }: Client): object {
  return {
    publisher: {},
    subscriber: { features: { subscription_revocation: true } },
    caller: { features: isAble ? ABLE : {} },
    callee: { features: isAble ? CALLEE : { registration_revocation: true } },
  }
}

interface EventDetails {
  readonly topic?: string
  readonly retained?: boolean
}

const NOTHING = { a: 0, b: 0, c: 0, atOnce: false }

/** Values that each serializer writes in its own way. */
const FILLERS = [
  null,
  'text',
  { key: ['value', 1.5] },
  'x'.repeat(300),
  -1,
  [[], {}],
  '💡\u0000',
  2 ** 53,
]

/** Enough turns of the loop for everything that is under way to arrive. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

function pick<T>(list: readonly T[], at: number): T | undefined {
  return list[at % (list.length || 1)]
}

/** Whether a topic meets what is subscribed to. */
function meets({ match, uri }: Held, topic: string): boolean {
  if (match === 'exact') return uri === topic
  if (match === 'prefix') return topic.startsWith(uri)
  const [wanted, found] = [uri.split('.'), topic.split('.')]
  if (wanted.length !== found.length) return false
  return wanted.every((part, i) => part === '' || part === found[i])
}
