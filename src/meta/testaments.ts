import { eventDetails } from '../broker/event-details.ts'
import { type PubSubOptions, TESTAMENT_DEFAULTS } from '../broker/options.ts'
import { scopeOf } from '../broker/scope.ts'
import { LIMIT_EXCEEDED, WampError } from '../protocol/errors.ts'
import { type Dict, Payload, sizeOf } from '../protocol/payload.ts'
import {
  dictOf,
  invalid,
  type MetaProcedure,
  type MetaRealm,
  type MetaSession,
  textOf,
} from './meta.ts'

/** What is published when a session has ended. */
interface Testament {
  readonly topic: string
  readonly options: Dict
  readonly payload: Payload
  readonly bytes: number
}

/** In the order of publication; without session resumption both come when the session ends. */
const SCOPES = ['detached', 'destroyed'] as const
type Scope = (typeof SCOPES)[number]
type Buckets = Record<Scope, Testament[]>

/** The testaments of a realm's sessions (WAMP, "Testament Meta API"). */
export class Testaments {
  readonly #realm: MetaRealm
  #bounds: { readonly limit: number; readonly max_bytes: number } = TESTAMENT_DEFAULTS
  readonly #buckets = new Map<MetaSession, Buckets>()

  constructor(realm: MetaRealm, bounds: PubSubOptions['testaments'] = {}) {
    this.#realm = realm
    this.limit(bounds)
  }

  /** Sets other bounds, for testaments that are added from now on. */
  limit(bounds: PubSubOptions['testaments'] = {}): void {
    this.#bounds = { ...TESTAMENT_DEFAULTS, ...bounds }
  }

  procedures(): [string, MetaProcedure][] {
    return [
      [
        'wamp.session.add_testament',
        (caller, args, kwargs) => {
          this.#add(caller, scopeNamed(kwargs), this.#testamentOf(caller, args, kwargs))
          return []
        },
      ],
      [
        'wamp.session.flush_testaments',
        (caller, _, kwargs) => {
          const buckets = this.#buckets.get(caller)
          const scope = scopeNamed(kwargs)
          if (buckets !== undefined) buckets[scope] = []
          return []
        },
      ],
    ]
  }

  /** Publishes what a session left, which is over. */
  execute(session: MetaSession): void {
    const buckets = this.#buckets.get(session)
    if (buckets === undefined) return
    this.#buckets.delete(session)
    for (const { topic, options, payload } of [...buckets.detached, ...buckets.destroyed]) {
      this.#realm.publish(session, topic, options, payload)
    }
  }

  #testamentOf(caller: MetaSession, args: unknown[], kwargs: Dict): Testament {
    const topic = textOf(args[0], 'topic')
    if (!Array.isArray(args[1])) throw invalid('args is no list')
    const named = dictOf(args[2], 'kwargs')
    const options = { ...dictOf(kwargs.publish_options ?? {}, 'publish_options') }
    // Nobody is there to hear the answer.
    options.acknowledge = false
    const scope = scopeOf(options)
    // Now is the time for a violation.
    eventDetails(caller, options, false, undefined)
    if (typeof scope === 'string') throw invalid(scope)
    this.#realm.check(caller, 'publish', topic, 'exact')
    const payload = Payload.of(args[1], Object.keys(named).length === 0 ? undefined : named)
    return { topic, options, payload, bytes: payload.size + sizeOf(options) + topic.length }
  }

  #add(session: MetaSession, scope: Scope, testament: Testament): void {
    const buckets = this.#buckets.get(session) ?? { detached: [], destroyed: [] }
    const all = [...buckets.detached, ...buckets.destroyed, testament]
    const { limit, max_bytes } = this.#bounds
    if (all.length > limit || all.reduce((sum, { bytes }) => sum + bytes, 0) > max_bytes) {
      this.#realm.countRefusal('limits_reached')
      const text = `a session may have ${limit} testaments of ${max_bytes} bytes together`
      throw new WampError(LIMIT_EXCEEDED, [text])
    }
    buckets[scope].push(testament)
    this.#buckets.set(session, buckets)
  }
}

function scopeNamed(kwargs: Dict): Scope {
  const wanted = kwargs.scope ?? 'destroyed'
  const scope = SCOPES.find(name => name === wanted)
  if (scope === undefined) throw invalid('scope is none of destroyed, detached')
  return scope
}
