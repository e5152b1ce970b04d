import { styleText } from 'node:util'

/** What the start of the router is told about. */
export interface Started {
  readonly version: string
  /** Where clients connect. */
  readonly url: string
  readonly transport: string
  readonly realms: readonly { readonly name: string; readonly roles: readonly { name: string }[] }[]
  /** Realms that are not listed open when somebody joins them. */
  readonly onDemand: boolean
  /** Everybody may do everything: the development start. */
  readonly isOpen: boolean
  /** The port can be reached from this machine only. */
  readonly isLoopback: boolean
}

/** What wampd prints once it listens, ended by a newline. `colour` is for terminals. */
export function banner(started: Started, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text) : text
  const { version, url, transport } = started
  return [
    `${paint('bold', `wampd ${version}`)} listens on ${paint('cyan', url)} (${transport})`,
    `realms: ${realmList(started)}`,
    ...(started.isOpen ? ['', paint(['yellow', 'bold'], warning(started))] : []),
    '',
    paint('bold', 'Try it in JavaScript:  npm install autobahn'),
    javascript(url, firstRealm(started)),
    '',
    paint('bold', 'or in Python:  pip install autobahn'),
    python(url, firstRealm(started)),
    '',
  ].join('\n')
}

function realmList({ realms, onDemand }: Started): string {
  const names = realms.map(({ name, roles }) => {
    const isReachable = roles.some(role => role.name === 'anonymous')
    return isReachable ? name : `${name} (nobody can join: it has no role anonymous)`
  })
  if (onDemand) names.push('any other opens when it is joined')
  return names.length === 0 ? 'none, so nobody can join' : names.join(', ')
}

function firstRealm({ realms }: Started): string {
  return realms[0]?.name ?? 'realm1'
}

function warning({ isLoopback }: Started): string {
  return isLoopback
    ? 'Development: every program on this machine may do everything in these realms.'
    : `DANGER: open to the network. Whoever reaches this port may do everything in these realms.
Use --host 127.0.0.1, or write a realm file and start with --config <file>.`
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
