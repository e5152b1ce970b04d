import { addPrefix, type PrefixNode, prefixNode, prefixRoot, removePrefix } from './prefix-tree.ts'
import type { Match } from './uri.ts'

/**
 * What is kept under topics, to be found by the patterns that they meet: the other way round than
 * in PatternIndex. The cost of a look-up depends on the pattern and on what it meets, and hardly on
 * what else is kept.
 */
export class TopicIndex<T> {
  readonly #root: PrefixNode<T> = prefixRoot()

  get(topic: string): T | undefined {
    return prefixNode(this.#root, topic)?.value
  }

  set(topic: string, value: T): void {
    addPrefix(this.#root, topic).value = value
  }

  /** The topic must be there. */
  delete(topic: string): void {
    removePrefix(this.#root, topic)
  }

  /** What is kept under the topics that meet a pattern, in no order. */
  matching(match: Match, pattern: string): T[] {
    const found: T[] = []
    if (match === 'exact') {
      const value = this.get(pattern)
      return value === undefined ? found : [value]
    }
    const walk = match === 'prefix' ? PREFIX : WILDCARD
    const nodes = [this.#root]
    const places = [0]
    while (nodes.length > 0) {
      const node = nodes.pop() as PrefixNode<T>
      const place = along(walk, pattern, node.edge, places.pop() as number)
      if (place === MISS) continue
      if (node.value !== undefined && walk.ends(pattern, place)) found.push(node.value)
      const only = walk.next(pattern, place)
      if (only !== undefined) push(node.children?.get(only), place)
      else for (const child of node.children?.values() ?? []) push(child, place)
    }
    return found

    function push(node: PrefixNode<T> | undefined, place: number): void {
      if (node === undefined) return
      nodes.push(node)
      places.push(place)
    }
  }
}

/**
 * How topics are read against a pattern, a UTF-16 unit at a time. A place is how far the pattern
 * has been used up; a negative one, ~place, is in the midst of a component that may be anything.
 */
interface Walk {
  /** The place behind a unit of the topic, or MISS. */
  step(pattern: string, place: number, unit: number): number
  /** The one unit that may come next; undefined where several may. */
  next(pattern: string, place: number): number | undefined
  /** The topic may end here. */
  ends(pattern: string, place: number): boolean
}

const MISS = Number.NEGATIVE_INFINITY
const DOT = 46

const PREFIX: Walk = {
  step(pattern, place, unit) {
    if (place === pattern.length) return place
    return pattern.charCodeAt(place) === unit ? place + 1 : MISS
  },
  next: (pattern, place) => (place < pattern.length ? pattern.charCodeAt(place) : undefined),
  ends: (pattern, place) => place === pattern.length,
}

const WILDCARD: Walk = {
  step(pattern, place, unit) {
    if (place < 0) {
      if (unit !== DOT) return place
      return pattern.charCodeAt(~place) === DOT ? ~place + 1 : MISS
    }
    // Topics have no empty components.
    if (isGap(pattern, place)) return unit === DOT ? MISS : ~place
    return pattern.charCodeAt(place) === unit ? place + 1 : MISS
  },
  next(pattern, place) {
    return place < 0 || isGap(pattern, place) ? undefined : pattern.charCodeAt(place)
  },
  ends: (pattern, place) =>
    place < 0 ? ~place === pattern.length : place === pattern.length && !isGap(pattern, place),
}

/** A component that is empty begins here. */
function isGap(pattern: string, place: number): boolean {
  if (place > 0 && pattern.charCodeAt(place - 1) !== DOT) return false
  return place === pattern.length || pattern.charCodeAt(place) === DOT
}

function along(walk: Walk, pattern: string, edge: string, from: number): number {
  let place = from
  for (let i = 0; i < edge.length && place !== MISS; i++) {
    place = walk.step(pattern, place, edge.charCodeAt(i))
  }
  return place
}
