import { Document, isMap, isPair, isSeq, type Node, type Pair } from 'yaml'
import type { Origin, Report } from './report.ts'

export interface Rule {
  uri: string
  match?: string
  allow: Record<string, boolean>
  disclose?: Record<string, string>
}

export interface Role {
  name: string
  permissions: Rule[]
  authorizer?: { procedure: string; realm?: string; cache?: number }
}

export interface Realm {
  name: string
  options?: Record<string, string>
  roles: Role[]
  store?: Record<string, string>
  event_history?: Record<string, string | number>[]
}

/** What stands below the name of an authenticator: its methods, each with its keys. */
export type Authenticator = Record<string, Record<string, unknown>>

export interface Transport {
  id?: string
  type: string
  endpoint: Record<string, string | number>
  tls?: Record<string, string>
  path?: string
  paths?: Record<string, Record<string, Record<string, unknown>>>
  rawsocket?: boolean
  auth: string[]
  realms?: string[]
  serializers?: string[]
  allowed_origins?: string[]
  options?: Record<string, string | number>
}

/** A configuration of wampd in the making. */
export class Draft {
  readonly version = 1
  readonly realms: Realm[] = []
  /** By name, which may be any: `__proto__` too. */
  readonly authenticators = new Map<string, Authenticator>()
  readonly transports: Transport[] = []
  readonly log: Record<string, string> = {}
  /** Environment variables that the file needs, with a value by which it can be checked. */
  readonly variables = new Map<string, string>()
  readonly report: Report
  /** Where things of the file were given, and what is said above them. */
  readonly #origins = new Map<object, Origin>()
  readonly #texts = new Map<object, Map<string, Origin>>()
  readonly #comments = new Map<object, string[]>()

  constructor(report: Report) {
    this.report = report
  }

  /** Remembers where something of the file was given. */
  from<Thing extends object>(origin: Origin, thing: Thing): Thing {
    this.#origins.set(thing, origin)
    return thing
  }

  originOf(thing: object): Origin | undefined {
    return this.#origins.get(thing)
  }

  /** Puts a text into a list that does not have it, and remembers where it was given. */
  add(origin: Origin, list: string[], text: string): void {
    if (!list.includes(text)) list.push(text)
    this.#texts.set(list, (this.#texts.get(list) ?? new Map()).set(text, origin))
  }

  originOfText(list: object, text: string): Origin | undefined {
    return this.#texts.get(list)?.get(text)
  }

  /** Puts a comment above something of the file. */
  comment(thing: object, text: string): void {
    this.#comments.set(thing, [...(this.#comments.get(thing) ?? []), text])
  }

  realm(name: string): Realm | undefined {
    return this.realms.find(realm => realm.name === name)
  }

  /** The variable of a name as the file has it; `sample` is a value that it could have. */
  variable(name: string, sample: string): string {
    this.variables.set(name, sample)
    return `\${${name}}`
  }

  /** What the file holds, as plain data. */
  data(): Record<string, unknown> {
    const { version, realms, transports, log } = this
    const authenticators = Object.fromEntries(this.authenticators)
    const parts = Object.entries({ authenticators, log }).filter(
      ([, part]) => Object.keys(part).length > 0,
    )
    return { version, realms, ...Object.fromEntries(parts), transports }
  }

  /** The file's text; `heading` is the comment at its top. */
  text(heading: string): string {
    const data = this.data()
    const document = new Document(data, { aliasDuplicateObjects: false })
    this.#annotate(document.contents, data)
    document.commentBefore = commentOf(heading)
    return document.toString({ lineWidth: 0, flowCollectionPadding: true })
  }

  /** Brings comments to the nodes that were made of the data, and small things into one line. */
  #annotate(node: unknown, data: unknown): void {
    if (isMap(node)) {
      for (const pair of node.items as Pair<Node, Node>[]) {
        const name = String((pair.key as { value?: unknown }).value)
        const value = (data as Record<string, unknown>)[name]
        this.#put(pair.key, value)
        const { value: below } = pair
        if ((isMap(below) || isSeq(below)) && isShort(name, value)) below.flow = true
        this.#annotate(pair.value, value)
      }
    }
    if (isSeq(node)) {
      for (const [i, item] of (node.items as Node[]).entries()) {
        const value = (data as unknown[])[i]
        if (!isPair(item)) this.#put(item, value)
        this.#annotate(item, value)
      }
    }
  }

  #put(node: Node, value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    const lines = this.#comments.get(value)
    if (lines !== undefined) node.commentBefore = commentOf(lines.join('\n'))
  }
}

/** Keys whose values are short enough for one line. */
const INLINE = new Set([
  'allow',
  'disclose',
  'endpoint',
  'auth',
  'realms',
  'serializers',
  'methods',
])

function isShort(name: string, value: unknown): boolean {
  const isSingle = (one: unknown) => typeof one !== 'object'
  return INLINE.has(name) && Object.values(value as object).every(isSingle)
}

function commentOf(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : ` ${line}`))
    .join('\n')
}

/** A text of the source as wampd has to be given it: `${` would be a variable. */
export function literal(text: string): string {
  return text.replaceAll(/\$(?=\$*\{)/g, '$$$$')
}
