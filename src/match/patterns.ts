import type { Match } from './uri.ts'

/**
 * What is kept under URIs and patterns, at most one T for each pair of match and pattern. Broker
 * and dealer both find in it whom a URI meets. The cost of a look-up depends on the length of the
 * URI and on what matches it, not on how much is kept.
 */
export class PatternIndex<T> {
  readonly #exact = new Map<string, T>()
  readonly #prefixes: PrefixNode<T> = { edge: '', value: undefined, children: null }
  readonly #wildcards: WildcardNode<T> = { value: undefined, children: null }
  #patterns = 0

  /** Something is kept under a prefix or wildcard. */
  get hasPatterns(): boolean {
    return this.#patterns > 0
  }

  get(match: Match, pattern: string): T | undefined {
    if (match === 'exact') return this.#exact.get(pattern)
    if (match === 'prefix') return prefixNode(this.#prefixes, pattern)?.value
    return wildcardNode(this.#wildcards, pattern, false)?.value
  }

  set(match: Match, pattern: string, value: T): void {
    if (match === 'exact') {
      this.#exact.set(pattern, value)
      return
    }
    if (this.get(match, pattern) === undefined) this.#patterns++
    if (match === 'prefix') addPrefix(this.#prefixes, pattern).value = value
    else (wildcardNode(this.#wildcards, pattern, true) as WildcardNode<T>).value = value
  }

  delete(match: Match, pattern: string): void {
    if (match === 'exact') this.#exact.delete(pattern)
    else if (this.get(match, pattern) !== undefined) {
      this.#patterns--
      if (match === 'prefix') removePrefix(this.#prefixes, pattern)
      else removeWildcard(this.#wildcards, pattern.split('.'), 0)
    }
  }

  /** What is kept under the prefixes and wildcards that a URI meets. */
  patternsOf(uri: string): T[] {
    const found = this.#prefixesOf(uri)
    collectWildcards(this.#wildcards, uri.split('.'), 0, found)
    return found
  }

  /**
   * The one that a call goes to (WAMP, "Pattern-based Registrations"): exact, else the longest
   * prefix, else the wildcard with the longest run of components before its first gap, then before
   * its second, and so on.
   */
  best(uri: string): T | undefined {
    const exact = this.#exact.get(uri)
    if (exact !== undefined || this.#patterns === 0) return exact
    return this.#prefixesOf(uri).at(-1) ?? bestWildcard(this.#wildcards, uri.split('.'), 0)
  }

  /** From the shortest prefix to the longest. */
  #prefixesOf(uri: string): T[] {
    const found: T[] = []
    let node: PrefixNode<T> | undefined = this.#prefixes
    let at = 0
    while (node !== undefined && uri.startsWith(node.edge, at)) {
      at += node.edge.length
      if (node.value !== undefined) found.push(node.value)
      node = node.children?.get(uri.charCodeAt(at))
    }
    return found
  }
}

/** A radix tree by UTF-16 units: a node's pattern is the sum of the edges that lead to it. */
interface PrefixNode<T> {
  edge: string
  value: T | undefined
  children: Map<number, PrefixNode<T>> | null
}

function prefixNode<T>(root: PrefixNode<T>, pattern: string): PrefixNode<T> | undefined {
  let node: PrefixNode<T> | undefined = root
  let at = 0
  while (node !== undefined && pattern.startsWith(node.edge, at)) {
    at += node.edge.length
    if (at === pattern.length) return node
    node = node.children?.get(pattern.charCodeAt(at))
  }
  return undefined
}

function addPrefix<T>(root: PrefixNode<T>, pattern: string): PrefixNode<T> {
  let node = root
  let at = 0
  while (at < pattern.length) {
    node.children ??= new Map()
    const first = pattern.charCodeAt(at)
    const child = node.children.get(first)
    if (child === undefined) {
      const leaf = { edge: pattern.slice(at), value: undefined, children: null }
      node.children.set(first, leaf)
      return leaf
    }
    const common = commonLength(child.edge, pattern, at)
    if (common < child.edge.length) split(child, common)
    node = child
    at += common
  }
  return node
}

function commonLength(edge: string, pattern: string, at: number): number {
  let i = 0
  while (i < edge.length && edge.charCodeAt(i) === pattern.charCodeAt(at + i)) i++
  return i
}

/** Gives a node only the first `length` units of its edge, and a child with the rest. */
function split<T>(node: PrefixNode<T>, length: number): void {
  const rest = { edge: node.edge.slice(length), value: node.value, children: node.children }
  node.edge = node.edge.slice(0, length)
  node.value = undefined
  node.children = new Map([[rest.edge.charCodeAt(0), rest]])
}

function removePrefix<T>(root: PrefixNode<T>, pattern: string): void {
  const path: PrefixNode<T>[] = [root]
  let at = 0
  while (at < pattern.length) {
    const node = path.at(-1)?.children?.get(pattern.charCodeAt(at)) as PrefixNode<T>
    path.push(node)
    at += node.edge.length
  }
  const node = path.pop() as PrefixNode<T>
  node.value = undefined
  const parent = path.pop()
  if (parent === undefined) return
  if (node.children === null) {
    parent.children?.delete(node.edge.charCodeAt(0))
    if (parent.children?.size === 0) parent.children = null
    if (parent !== root) join(parent)
  } else join(node)
}

/** A node that keeps nothing and has one child takes the child's place. */
function join<T>(node: PrefixNode<T>): void {
  if (node.value !== undefined || node.children?.size !== 1) return
  const [child] = node.children.values() as Iterable<PrefixNode<T>>
  if (child === undefined) return
  node.edge += child.edge
  node.value = child.value
  node.children = child.children
}

/** A tree by components; the child under '' stands for any component. */
interface WildcardNode<T> {
  value: T | undefined
  children: Map<string, WildcardNode<T>> | null
}

function wildcardNode<T>(
  root: WildcardNode<T>,
  pattern: string,
  create: boolean,
): WildcardNode<T> | undefined {
  let node = root
  for (const component of pattern.split('.')) {
    let child = node.children?.get(component)
    if (child === undefined) {
      if (!create) return undefined
      child = { value: undefined, children: null }
      node.children ??= new Map()
      node.children.set(component, child)
    }
    node = child
  }
  return node
}

/** Removes a pattern and the nodes that only it needed; true if `node` itself is such a one. */
function removeWildcard<T>(node: WildcardNode<T>, components: string[], at: number): boolean {
  if (at === components.length) node.value = undefined
  else {
    const component = components[at] as string
    const child = node.children?.get(component)
    if (child !== undefined && removeWildcard(child, components, at + 1)) {
      node.children?.delete(component)
      if (node.children?.size === 0) node.children = null
    }
  }
  return node.value === undefined && node.children === null
}

function collectWildcards<T>(
  node: WildcardNode<T>,
  components: string[],
  at: number,
  found: T[],
): void {
  if (at === components.length) {
    if (node.value !== undefined) found.push(node.value)
    return
  }
  const { children } = node
  if (children === null) return
  const literal = children.get(components[at] as string)
  if (literal !== undefined) collectWildcards(literal, components, at + 1, found)
  const any = children.get('')
  if (any !== undefined) collectWildcards(any, components, at + 1, found)
}

/** The first found when literals are tried before gaps has the longest runs, from left to right. */
function bestWildcard<T>(node: WildcardNode<T>, components: string[], at: number): T | undefined {
  if (at === components.length) return node.value
  const literal = node.children?.get(components[at] as string)
  const found = literal && bestWildcard(literal, components, at + 1)
  if (found !== undefined) return found
  const any = node.children?.get('')
  return any && bestWildcard(any, components, at + 1)
}
