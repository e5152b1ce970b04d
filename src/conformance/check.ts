import type { Dict } from '../protocol/payload.ts'
import type { Wire } from '../remote/wire.ts'
import type { Serializer } from '../serializer/serializer.ts'
import type { Pace, Probe } from './probe.ts'

/** What a check works with: a router, and a place of its own in it. */
export interface Bench {
  /** The serializer that the checks of messages use. */
  readonly serializer: Serializer
  readonly realm: string
  readonly pace: Pace
  /** A session of a client that announces these roles: all by default. Rejects where there is none to be had. */
  join(serializer?: Serializer, roles?: Dict): Promise<Probe>
  /** A connection without a session. */
  connect(serializer?: Serializer): Promise<Wire>
  /** A URI that no other check has. */
  uri(name: string): string
}

/** Something that a router does or does not do, by the specification. */
export interface Check {
  /** What is proven, as a sentence that holds for a router that does it. */
  readonly text: string
  /** Resolves where it does. Rejects with a Deviation, an Unproven or a RemoteError. */
  prove(bench: Bench): Promise<void>
}

/** The checks of one feature. */
export interface Feature {
  readonly role: 'session' | 'broker' | 'dealer' | 'serializer' | 'router'
  /** As WELCOME announces it; of the Basic Profile what it is called here. */
  readonly name: string
  /** What all routers do is announced by nobody. */
  readonly isBasic: boolean
  /** Where the specification tells of it. */
  readonly chapter: string
  readonly checks: readonly Check[]
}

/** A router does something else than the specification says. */
export class Deviation extends Error {
  override name = 'Deviation'
}

/** Nothing can be said of it, and why. */
export class Unproven extends Error {
  override name = 'Unproven'
}

/** Throws a Deviation unless something holds. */
export function hold(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Deviation(otherwise)
}

/** A feature of the Basic Profile. */
export function basic(
  role: Feature['role'],
  name: string,
  chapter: string,
  checks: readonly Check[],
): Feature {
  return { role, name, isBasic: true, chapter, checks }
}

/** A feature that WELCOME announces. */
export function advanced(
  role: Feature['role'],
  name: string,
  chapter: string,
  checks: readonly Check[],
): Feature {
  return { role, name, isBasic: false, chapter, checks }
}

/** What only a configuration, or no message of a client, brings about. */
export function unprovable(why: string): Check {
  return {
    text: why,
    prove: () => Promise.reject(new Unproven(why)),
  }
}
