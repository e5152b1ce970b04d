import { randomBytes } from 'node:crypto'
import type { Dict } from '../protocol/payload.ts'
import type { Credentials } from '../remote/login.ts'
import { RemoteError } from '../remote/remote-error.ts'
import { connect, type Wire, type WireOptions } from '../remote/wire.ts'
import type { Serializer } from '../serializer/serializer.ts'
import { type Bench, Deviation, type Feature, Unproven } from './check.ts'
import { meta } from './checks/meta.ts'
import { pubsub } from './checks/pubsub.ts'
import { rpc } from './checks/rpc.ts'
import { serializers } from './checks/serializers.ts'
import { robustness, sessions } from './checks/sessions.ts'
import { type Pace, Probe, ROLES } from './probe.ts'

const ORDER = ['session', 'broker', 'dealer', 'serializer', 'router']

/** All features, in the order of the table. */
export const FEATURES: readonly Feature[] = [
  ...[sessions, pubsub, rpc, meta, serializers, robustness].flat(),
].sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role))

/** Where the router is, and how it is spoken to. */
export interface Target {
  readonly url: string
  readonly realm: string
  readonly serializer: Serializer
  readonly options: Omit<WireOptions, 'serializer'>
  readonly pace?: Pace
  /** Absent: anonymous. */
  readonly credentials?: Credentials
}

const PACE: Pace = { patience: 3000, silence: 150 }

/** What became of one check. */
export interface Outcome {
  readonly check: string
  readonly result: 'holds' | 'deviates' | 'unproven'
  /** Why it does not hold, or was not proven; empty where it holds. */
  readonly why: string
}

/**
 * works: all its checks hold, or those that can be proven
 * partly: some do
 * fails: none does
 * absent: none does, and it is not announced
 * unproven: nothing can be said
 */
export type State = 'works' | 'partly' | 'fails' | 'absent' | 'unproven'

/** What is known of one feature. */
export interface Finding {
  readonly role: Feature['role']
  readonly feature: string
  readonly chapter: string
  /** WELCOME says so; null where nobody announces it. */
  readonly announced: boolean | null
  readonly state: State
  readonly outcomes: readonly Outcome[]
}

/** What a router says of itself. */
export interface Announced {
  readonly agent: string
  readonly features: ReadonlySet<string>
}

/** What WELCOME announces. Rejects with a RemoteError where nobody can join. */
export async function announcedBy(target: Target): Promise<Announced> {
  const bench = new RealBench(target)
  try {
    const { details } = (await bench.join()).welcome
    const features = new Set<string>()
    for (const role of ['broker', 'dealer']) {
      const announced = dictAt(dictAt(dictAt(details, 'roles'), role), 'features')
      for (const [name, value] of Object.entries(announced)) {
        if (value === true) features.add(`${role} ${name}`)
      }
    }
    return { agent: typeof details.agent === 'string' ? details.agent : '', features }
  } finally {
    bench.close()
  }
}

/** Proves all that can be proven of the features that are `wanted`, one after the other. */
export async function* findings(
  target: Target,
  announced: Announced,
  wanted: (feature: string) => boolean = () => true,
): AsyncGenerator<Finding> {
  for (const feature of FEATURES.filter(({ name }) => wanted(name))) {
    const outcomes: Outcome[] = []
    for (const check of feature.checks) {
      const bench = new RealBench(target)
      outcomes.push({ check: check.text, ...(await proven(() => check.prove(bench))) })
      bench.close()
    }
    const { role, name, chapter, isBasic } = feature
    const isAnnounced = isBasic ? null : announced.features.has(`${role} ${name}`)
    const state = stateOf(outcomes, isAnnounced)
    yield { role, feature: name, chapter, announced: isAnnounced, state, outcomes }
  }
}

async function proven(prove: () => Promise<void>): Promise<Omit<Outcome, 'check'>> {
  try {
    await prove()
    return { result: 'holds', why: '' }
  } catch (error) {
    const { message } = error as Error
    if (error instanceof Unproven) return { result: 'unproven', why: message }
    const isKnown = error instanceof Deviation || error instanceof RemoteError
    // What several were asked for at once, none has done.
    if (isKnown || error instanceof AggregateError) return { result: 'deviates', why: message }
    throw error
  }
}

function stateOf(outcomes: readonly Outcome[], announced: boolean | null): State {
  const holds = outcomes.filter(({ result }) => result === 'holds').length
  const deviates = outcomes.filter(({ result }) => result === 'deviates').length
  if (holds + deviates === 0) return 'unproven'
  if (deviates === 0) return 'works'
  if (holds > 0 && announced !== false) return 'partly'
  return announced === false ? 'absent' : 'fails'
}

class RealBench implements Bench {
  readonly serializer: Serializer
  readonly realm: string
  readonly pace: Pace
  readonly #target: Target
  readonly #wires: Wire[] = []
  readonly #mark = `conformance.x${randomBytes(6).toString('hex')}`

  constructor(target: Target) {
    this.#target = target
    this.serializer = target.serializer
    this.realm = target.realm
    this.pace = target.pace ?? PACE
  }

  async connect(serializer = this.serializer): Promise<Wire> {
    const { url, options } = this.#target
    const wire = await connect(url, { ...options, serializer })
    this.#wires.push(wire)
    return wire
  }

  async join(serializer = this.serializer, roles = ROLES): Promise<Probe> {
    const { realm, credentials = {} } = this.#target
    const { patience: timeout } = this.pace
    const wire = await this.connect(serializer)
    return Probe.join(wire, roles, { realm, credentials, timeout }, this.pace)
  }

  uri(name: string): string {
    return `${this.#mark}.${name}`
  }

  close(): void {
    for (const wire of this.#wires) wire.terminate()
  }
}

function dictAt(dict: Dict, key: string): Dict {
  const value = dict[key]
  return typeof value === 'object' && value !== null ? (value as Dict) : {}
}
