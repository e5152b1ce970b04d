import { addPrefix, type PrefixNode, prefixNode, prefixRoot, removePrefix } from './prefix-tree.ts'
import type { Match } from './uri.ts'

/**
 * What is kept under URIs and patterns, at most one T for each pair of match and pattern. Broker
 * and dealer both find in it whom a URI meets. The cost of a look-up depends on the length of the
 * URI and on what matches it, not on how much is kept.
 */
export class PatternIndex<T> {
  readonly #exact = new Map<string, T>()
  readonly #prefixes: PrefixNode<T> = prefixRoot()
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
      else removeWildcard(this.#wildcards, pattern.split('.'))
    }
  }

  /** What is kept under the prefixes and wildcards that a URI meets. */
  patternsOf(uri: string): T[] {
    const found = this.#prefixesOf(uri)
    collectWildcards(this.#wildcards, uri, found, Infinity)
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
    const found = this.#prefixesOf(uri)
    if (found.length === 0) collectWildcards(this.#wildcards, uri, found, 1)
    return found.at(-1)
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

/** Removes a pattern and the nodes that only it needed. */
function removeWildcard<T>(root: WildcardNode<T>, components: string[]): void {
  const path = [root]
  for (const component of components) {
    path.push(path.at(-1)?.children?.get(component) as WildcardNode<T>)
  }
  let node = path.pop() as WildcardNode<T>
  node.value = undefined
  while (node.value === undefined && node.children === null) {
    const parent = path.pop()
    if (parent === undefined) return
    parent.children?.delete(components[path.length] as string)
    if (parent.children?.size === 0) parent.children = null
    node = parent
  }
}

/**
 * Adds what is kept under the wildcards that a URI meets, `most` of them, the best first: as
 * literals are tried before gaps, the first has the longest runs, from left to right. There is no
 * recursion, for URIs may have thousands of components.
 */
function collectWildcards<T>(root: WildcardNode<T>, uri: string, found: T[], most: number): void {
  if (root.children === null) return
  const components = uri.split('.')
  const nodes = [root]
  const depths = [0]
  while (nodes.length > 0) {
    const { value, children } = nodes.pop() as WildcardNode<T>
    const depth = depths.pop() as number
    if (depth === components.length) {
      if (value !== undefined && found.push(value) === most) return
      continue
    }
    const component = components[depth] as string
    const any = children?.get('')
    if (any !== undefined) {
      nodes.push(any)
      depths.push(depth + 1)
    }
    // A pattern that is looked up as text has empty components: that child is not to come twice.
    const literal = component === '' ? undefined : children?.get(component)
    if (literal !== undefined) {
      nodes.push(literal)
      depths.push(depth + 1)
    }
  }
}
