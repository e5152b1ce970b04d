import { principalsOf } from '../auth/methods.ts'
import type { Config, RealmConfig } from '../config/schema.ts'
import type { Listening } from '../doors.ts'
import { version } from '../version.ts'
import { type Paint, painter } from './paint.ts'

/** What a start by a configuration is told of. */
export interface Started {
  readonly config: Config
  readonly listening: readonly Listening[]
  /** The control socket, if there is one. */
  readonly control: string | undefined
  /** The admin page, if there is one. */
  readonly admin: string | undefined
}

/** What is printed once `wampd start` listens. */
export function banner(
  { config, listening, control, admin }: Started,
  paint = painter(process.stdout),
) {
  const roles = reachableRoles(config)
  return lines([
    ...listening.map(where => headline(where, paint)),
    `realms: ${config.realms.map(realm => realmText(realm, roles)).join(', ') || 'none, so nobody can join'}`,
    ...(control === undefined ? [] : [`control: ${control}`]),
    ...(admin === undefined ? [] : [`admin page: ${paint('cyan', admin)}`]),
  ])
}

/** What a start for development is told of. */
export interface DevelopmentStarted {
  readonly where: Listening
  /** A link to the admin page that lets in. */
  readonly admin: string
  readonly realms: readonly RealmConfig[]
  /** Realms that are not listed open when somebody joins them. */
  readonly onDemand: boolean
}

/** What is printed once `wampd dev` listens. */
export function developmentBanner(
  { where, admin, realms, onDemand }: DevelopmentStarted,
  paint = painter(process.stdout),
): string {
  const names = realms.map(({ name }) => name)
  if (onDemand) names.push('any other opens when it is joined')
  const realm = realms[0]?.name ?? 'realm1'
  return lines([
    headline(where, paint),
    `realms: ${names.join(', ')}`,
    `admin page: ${paint('cyan', admin)}`,
    '',
    paint(['yellow', 'bold'], warning(where)),
    '',
    paint('bold', 'Try it in JavaScript:  npm install autobahn'),
    javascript(where.url, realm),
    '',
    paint('bold', 'or in Python:  pip install autobahn'),
    python(where.url, realm),
  ])
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`
}

function headline({ url, transport }: Listening, paint: Paint): string {
  return `${paint('bold', `wampd ${version}`)} listens on ${paint('cyan', url)} (${transport})`
}

/** The roles that somebody can get; undefined among them: any, as only a procedure knows. */
function reachableRoles({ authenticators }: Config): Set<string | undefined> {
  const sources = Object.values(authenticators)
  if (sources.length === 0) return new Set(['anonymous'])
  return new Set(sources.flatMap(source => principalsOf(source).map(({ role }) => role)))
}

function realmText({ name, roles }: RealmConfig, reachable: Set<string | undefined>): string {
  const isReachable = roles.some(role => reachable.has(role.name) || reachable.has(undefined))
  return isReachable ? name : `${name} (nobody can join: nobody gets one of its roles)`
}

function warning({ host }: Listening): string {
  return /^(localhost|127\..*|::1)$/.test(host)
    ? 'Development: every program on this machine may do everything in these realms.'
    : `DANGER: open to the network. Whoever reaches this port may do everything in these realms.
Use --host 127.0.0.1, or write a configuration with wampd init and start with wampd start.`
}

function javascript(url: string, realm: string): string {
  return `  import autobahn from 'autobahn'
  const connection = new autobahn.Connection({ url: '${url}', realm: '${realm}' })
  connection.onopen = async session => {
    await session.subscribe('com.example.hello', ([text]) => console.log(text))
    session.publish('com.example.hello', ['Hello, world!'], {}, { exclude_me: false })
  }
  connection.open()`
}

function python(url: string, realm: string): string {
  return `  from autobahn.asyncio.component import Component, run
  component = Component(transports='${url}', realm='${realm}')
  @component.subscribe('com.example.hello')
  def hello(text): print(text)
  run([component])`
}
