import { parser } from '@prometheus-io/lezer-promql'

type Node = ReturnType<typeof parser.parse>['topNode']

/** What an expression asks for. */
export interface Selector {
  readonly metric: string
  /** The labels that it names, with the value where that must be equal. */
  readonly matchers: readonly { readonly label: string; readonly value?: string }[]
}

export interface Asked {
  readonly selectors: readonly Selector[]
  /** Labels after `by`, `on` and the like. */
  readonly groupings: readonly string[]
}

/** Reads an expression of PromQL, in which variables of Grafana may be. Throws where it is none. */
export function readPromQl(written: string): Asked {
  const text = written.replaceAll(/\$__\w+/g, '5m')
  const selectors: Selector[] = []
  const groupings: string[] = []
  const textOf = ({ from, to }: Node) => text.slice(from, to)
  const visit = (node: Node) => {
    if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${text}`)
    if (node.name === 'VectorSelector') selectors.push(selectorOf(node, textOf))
    if (node.name === 'GroupingLabels') groupings.push(...node.getChildren('LabelName').map(textOf))
    for (const child of childrenOf(node)) visit(child)
  }
  visit(parser.parse(text).topNode)
  return { selectors, groupings }
}

function selectorOf(node: Node, textOf: (node: Node) => string): Selector {
  const name = node.getChild('Identifier')
  if (name === null) throw new Error(`no metric in ${textOf(node)}`)
  const found = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
  const matchers = found.map(matcher => {
    const [label, operator, value] = childrenOf(matcher).map(textOf) as [string, string, string]
    return operator === '=' ? { label, value: JSON.parse(value) as string } : { label }
  })
  return { metric: textOf(name), matchers }
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child)
  return children
}
