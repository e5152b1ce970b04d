import { randomBytes } from 'node:crypto'
import {
  CALL,
  ERROR,
  EVENT,
  INVOCATION,
  PUBLISH,
  REGISTER,
  RESULT,
  SUBSCRIBE,
  YIELD,
} from '../protocol/messages.ts'
import { Payload } from '../protocol/payload.ts'
import { Session, type Target } from './session.ts'
import { Sequence, type Tally } from './tally.ts'

export const SCENARIOS = ['rpc', 'pubsub', 'pairs'] as const
export type Scenario = (typeof SCENARIOS)[number]

/** What a scenario is made of. */
export interface Shape {
  /** rpc: callers, each with a callee of its own. pairs: publishers, each with a subscriber. */
  readonly connections: number
  /** pubsub: of the one publisher. */
  readonly subscribers: number
  /** Bytes of text in each payload, beside a number and a time. */
  readonly payload: number
}

/** One that sends: a caller or a publisher. */
export interface Source {
  readonly session: Session
  /** Calls or publishes. `due` is when it should have been sent: µs. */
  send(due: number): void
  /** Told when all answers to one of its calls or publications have come. */
  onDone: () => void
}

export interface Load {
  readonly sessions: readonly Session[]
  readonly sources: readonly Source[]
}

/** Sessions that join at the same time. */
const AT_ONCE = 50

/** µs of the clock that all times of a load are of. */
export const now = (): number => Math.round(performance.now() * 1000)

/** Joins, subscribes and registers. Rejects with a BenchError; then nothing stays open. */
export async function prepare(
  scenario: Scenario,
  shape: Shape,
  target: Target,
  tally: Tally,
): Promise<Load> {
  const { connections, subscribers } = shape
  // Not what another measurement uses in the realm.
  const prefix = `bench.${randomBytes(6).toString('hex')}`
  const padding = 'x'.repeat(shape.payload)
  const joining: Joining = { target, sessions: [], failed: false }
  try {
    const sources = await all(scenario === 'pubsub' ? 1 : connections, i => {
      const uri = `${prefix}.${i}`
      if (scenario === 'rpc') return callerAndCallee(joining, uri, padding, tally)
      return publisher(joining, uri, scenario === 'pubsub' ? subscribers : 1, padding, tally)
    })
    return { sessions: joining.sessions, sources }
  } catch (error) {
    joining.failed = true
    for (const session of joining.sessions) session.terminate()
    throw error
  }
}

interface Joining {
  readonly target: Target
  readonly sessions: Session[]
  failed: boolean
}

async function join(joining: Joining): Promise<Session> {
  const session = await Session.join(joining.target)
  joining.sessions.push(session)
  if (joining.failed) session.terminate()
  return session
}

async function callerAndCallee(
  joining: Joining,
  procedure: string,
  padding: string,
  tally: Tally,
): Promise<Source> {
  const callee = await join(joining)
  await callee.request(REGISTER, procedure)
  callee.take = message => {
    if (message.type !== INVOCATION) return callee.unexpected(message)
    const { request, payload } = message
    callee.send({ type: YIELD, request, options: {}, payload })
  }

  const session = await join(joining)
  const open = new Set<number>()
  const source: Source = {
    session,
    onDone: () => {},
    send(due) {
      const request = ++session.lastRequest
      open.add(request)
      tally.send(due, now(), 1)
      const payload = Payload.of([request, due, padding])
      session.send({ type: CALL, request, options: {}, procedure, payload })
    },
  }
  session.take = message => {
    if (message.type !== RESULT && message.type !== ERROR) return session.unexpected(message)
    if (!open.delete(message.request)) {
      tally.duplicates++
      return
    }
    if (message.type === ERROR) {
      tally.errors++
      tally.firstError ??= message.error
    } else {
      const { number, due } = opened(message.payload, padding)
      if (number === message.request) tally.arrive(due, now())
      else tally.wrong++
    }
    source.onDone()
  }
  return source
}

async function publisher(
  joining: Joining,
  topic: string,
  subscribers: number,
  padding: string,
  tally: Tally,
): Promise<Source> {
  const session = await join(joining)
  session.take = message => session.unexpected(message)
  /** Publications that some miss, and how many. */
  const missing = new Map<number, number>()
  const source: Source = {
    session,
    onDone: () => {},
    send(due) {
      const request = ++session.lastRequest
      missing.set(request, subscribers)
      tally.send(due, now(), subscribers)
      const payload = Payload.of([request, due, padding])
      session.send({ type: PUBLISH, request, options: {}, topic, payload })
    },
  }
  const done = (number: number) => {
    const left = (missing.get(number) ?? 0) - 1
    if (left > 0) missing.set(number, left)
    else {
      missing.delete(number)
      source.onDone()
    }
  }
  await all(subscribers, async () => {
    const subscriber = await join(joining)
    const sequence = new Sequence()
    await subscriber.request(SUBSCRIBE, topic)
    subscriber.take = message => {
      if (message.type !== EVENT) return subscriber.unexpected(message)
      const { number, due } = opened(message.payload, padding)
      if (number < 1 || number > session.lastRequest) {
        tally.wrong++
        return
      }
      const what = sequence.see(number)
      if (what === 'duplicate') {
        tally.duplicates++
        return
      }
      if (what === 'late') tally.disordered++
      tally.arrive(due, now())
      done(number)
    }
  })
  return source
}

/** What was sent; number 0 for what was not. */
function opened(payload: Payload, padding: string): { number: number; due: number } {
  const [number, due, text] = payload.open().args ?? []
  const isOurs = Number.isSafeInteger(number) && Number.isSafeInteger(due) && text === padding
  return isOurs ? { number: number as number, due: due as number } : { number: 0, due: 0 }
}

/** As Promise.all, a limited number at a time. The first failure ends it. */
async function all<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const i = next++
      made[i] = await make(i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work))
  return made
}
