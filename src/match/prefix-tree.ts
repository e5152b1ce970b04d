/** A radix tree by UTF-16 units: a node's pattern is the sum of the edges that lead to it. */
export interface PrefixNode<T> {
  edge: string
  value: T | undefined
  children: Map<number, PrefixNode<T>> | null
}

export function prefixRoot<T>(): PrefixNode<T> {
  return { edge: '', value: undefined, children: null }
}

/** The node of a pattern, if there is one: it may keep nothing itself. */
export function prefixNode<T>(root: PrefixNode<T>, pattern: string): PrefixNode<T> | undefined {
  let node: PrefixNode<T> | undefined = root
  let at = 0
  while (node !== undefined && pattern.startsWith(node.edge, at)) {
    at += node.edge.length
    if (at === pattern.length) return node
    node = node.children?.get(pattern.charCodeAt(at))
  }
  return undefined
}

/** The node of a pattern, made if need be. */
export function addPrefix<T>(root: PrefixNode<T>, pattern: string): PrefixNode<T> {
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

/** Removes what is kept under a pattern that is there. */
export function removePrefix<T>(root: PrefixNode<T>, pattern: string): void {
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
