import { INVALID_ARGUMENT } from '../../protocol/errors.ts'
import type { Dict } from '../../protocol/payload.ts'
import { Problem } from './problem.ts'

/** What a query parameter may be: how it is read, and how OpenAPI describes it. */
interface Form {
  readonly schema: object
  /** The values that were given, one at least. Undefined: they are none of this form. */
  read(values: readonly string[]): unknown
}

interface Parameter extends Form {
  readonly about: string
}

/** One operation: the request that asks for it, and what may be said with it. */
export interface Route {
  readonly operation: 'publish' | 'call' | 'subscribe' | 'describe'
  readonly method: 'GET' | 'POST'
  /** Below the path of the bridge. `{uri}` stands for all that follows. */
  readonly path: string
  readonly about: string
  readonly query: Readonly<Record<string, Parameter>>
}

const flag: Form = {
  schema: { type: 'boolean' },
  read: ([value, ...more]) => (more.length === 0 ? FLAGS[value as string] : undefined),
}
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false }

const text: Form = {
  schema: { type: 'string' },
  read: ([value, ...more]) => (more.length === 0 ? value : undefined),
}

const texts: Form = {
  schema: { type: 'array', items: { type: 'string' } },
  read: values => values,
}

const number: Form = {
  schema: { type: 'integer', minimum: 0 },
  read: ([value, ...more]) => (more.length === 0 ? wholeNumber(value as string) : undefined),
}

const numbers: Form = {
  schema: { type: 'array', items: { type: 'integer', minimum: 0 } },
  read(values) {
    const found = values.map(wholeNumber)
    return found.includes(undefined) ? undefined : found
  },
}

const match: Form = {
  schema: { type: 'string', enum: ['exact', 'prefix', 'wildcard'] },
  read: ([value, ...more]) =>
    more.length === 0 && MATCHES.includes(value as string) ? value : undefined,
}
const MATCHES = ['exact', 'prefix', 'wildcard']

function wholeNumber(digits: string): number | undefined {
  const value = /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}

const authid: Parameter = { ...text, about: 'The authid that goes with a Bearer ticket.' }

const publishing: Route['query'] = {
  exclude_me: { ...flag, about: 'False: sessions of the sender may hear it, too.' },
  exclude: { ...numbers, about: 'Sessions that are not to hear it.' },
  exclude_authid: { ...texts, about: 'Users that are not to hear it.' },
  exclude_authrole: { ...texts, about: 'Roles that are not to hear it.' },
  eligible: { ...numbers, about: 'The only sessions that may hear it.' },
  eligible_authid: { ...texts, about: 'The only users that may hear it.' },
  eligible_authrole: { ...texts, about: 'The only roles that may hear it.' },
  disclose_me: { ...flag, about: 'Receivers are told who publishes.' },
  retain: { ...flag, about: 'The event is kept for those who subscribe later.' },
  authid,
}

const calling: Route['query'] = {
  timeout: { ...number, about: 'Milliseconds after which the call is canceled.' },
  disclose_me: { ...flag, about: 'The callee is told who calls.' },
  authid,
}

const subscribing: Route['query'] = {
  match: { ...match, about: 'How topics are compared: `exact` without it.' },
  get_retained: { ...flag, about: 'What is retained comes first.' },
  topic: { ...texts, about: 'Further topics.' },
  authid,
}

/** All that a bridge answers. Requests are led by this table, and OpenAPI is made from it. */
export const ROUTES: readonly Route[] = [
  {
    operation: 'publish',
    method: 'POST',
    path: '/publish/{uri}',
    about: 'Publishes to a topic. The body is the payload.',
    query: publishing,
  },
  {
    operation: 'publish',
    method: 'POST',
    path: '/publish',
    about: 'Publishes what a JSON body says: `topic`, `args`, `kwargs`, `options`.',
    query: { authid },
  },
  {
    operation: 'call',
    method: 'POST',
    path: '/call/{uri}',
    about: 'Calls a procedure. The body is the payload, and the answer is the result.',
    query: calling,
  },
  {
    operation: 'call',
    method: 'POST',
    path: '/call',
    about: 'Calls what a JSON body says: `procedure`, `args`, `kwargs`, `options`.',
    query: { authid },
  },
  {
    operation: 'subscribe',
    method: 'GET',
    path: '/subscribe/{uri}',
    about: 'The events of a topic, as server-sent events.',
    query: subscribing,
  },
  {
    operation: 'subscribe',
    method: 'GET',
    path: '/subscribe',
    about: 'The events of all topics that are named.',
    query: subscribing,
  },
  {
    operation: 'describe',
    method: 'GET',
    path: '/openapi.json',
    about: 'This description.',
    query: {},
  },
]

/** The options of a form, by operation: those that the query of the other form has. */
export const FORM_OPTIONS: Readonly<Record<'publish' | 'call', readonly string[]>> = {
  publish: Object.keys(publishing).filter(name => name !== 'authid'),
  call: Object.keys(calling).filter(name => name !== 'authid'),
}

/** What a request asks for: a route, the URI in its path, empty where there is none, its parameters. */
export interface Asked {
  readonly route: Route
  readonly uri: string
  readonly given: Dict
}

/** The route for what follows the path of the bridge; undefined where there is none. */
export function routeAt(below: string): { route: Route; rest: string } | undefined {
  for (const route of ROUTES) {
    const [stem = '', open] = route.path.split('{')
    if (open === undefined ? below === stem : below.startsWith(stem) && below !== stem) {
      return { route, rest: below.slice(stem.length) }
    }
  }
  return undefined
}

/** Reads the URI and the query of a request. Throws Problem. */
export function asked(route: Route, rest: string, query: string): Asked {
  const uri = decoded(rest, 'the path')
  decoded(query, 'the query')
  const given: Dict = {}
  const all = new URLSearchParams(query)
  for (const name of new Set(all.keys())) {
    const parameter = Object.hasOwn(route.query, name) ? route.query[name] : undefined
    if (parameter === undefined) {
      const known = Object.keys(route.query).join(', ')
      throw wrong(`there is no parameter ${JSON.stringify(name.slice(0, 50))} but ${known}`)
    }
    const value = parameter.read(all.getAll(name))
    if (value === undefined) throw wrong(`${name} is no ${JSON.stringify(parameter.schema)}`)
    given[name] = value
  }
  return { route, uri, given }
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong(`${what} is no UTF-8 in percent encoding`)
  }
}

function wrong(text: string): Problem {
  return new Problem(INVALID_ARGUMENT, text)
}
