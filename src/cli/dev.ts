import type { Command } from 'commander'
import type { LogLevel } from '../base/log-level.ts'
import { defaultPath } from '../control/path.ts'
import type { Router } from '../router.ts'
import { ListenError } from '../transport/transport.ts'
import { Failure } from './exit.ts'
import { examples, hostFlag, logLevelFlag, portFlag, realmFlag, transportFlag } from './flags.ts'

interface Flags {
  readonly realm?: string[]
  readonly host: string
  readonly port: number
  readonly transport?: 'uws' | 'ws'
  readonly logLevel: LogLevel
}

/** Flags of 0.1.0, and where it is said now. */
const MOVED: Readonly<Record<string, string>> = {
  '-c, --config <file>': 'wampd start --config FILE',
  '--tls-cert <file>': 'transports[].tls.certificate in a configuration: wampd init writes one',
  '--tls-key <file>': 'transports[].tls.key in a configuration: wampd init writes one',
  '--grace <time>': 'shutdown.grace in a configuration: wampd init writes one',
  '--final': 'wampd stop --final, when it is to end',
}

/** `wampd dev`, and `wampd` alone. */
export function dev(program: Command): void {
  const verb = program
    .command('dev', { isDefault: true })
    .summary('start a router for development; `wampd` alone does the same')
    .description(
      'Starts a router for development: realm1 and any other realm that is joined, everybody may do ' +
        'everything, reachable from this machine only.',
    )
    .addOption(realmFlag())
    .addOption(hostFlag().default('127.0.0.1'))
    .addOption(portFlag().env('PORT').default(8080))
    .addOption(transportFlag())
    .addOption(logLevelFlag().default('info'))
    .addHelpText(
      'after',
      examples([
        ['wampd', 'realm1 and any other realm'],
        ['wampd --realm com.example.app --port 0', 'only this realm, on a free port'],
        ['wampd --log-level debug --transport ws', 'more words, without uWebSockets.js'],
      ]),
    )
    .action(run)
  for (const [flag, instead] of Object.entries(MOVED)) {
    const option = verb.createOption(flag).hideHelp()
    verb.addOption(option)
    verb.on(`option:${option.name()}`, () => {
      throw new Failure(`${option.long} is now: ${instead}`, 2)
    })
  }
}

async function run({ realm, host, port, transport, logLevel }: Flags): Promise<void> {
  const { createLog } = await import('../base/log.ts')
  const { loadConfig } = await import('../config/load.ts')
  const { shipped } = await import('../config/shipped.ts')
  const { createRouter } = await import('../router.ts')
  const { attend } = await import('./attend.ts')
  const { developmentBanner } = await import('./banner.ts')

  const log = createLog(logLevel, process.stderr.isTTY)
  const { realms: open } = loadConfig(shipped('realms/realm1.yaml'))
  // The development realm, under the names that were asked for.
  const names = realm === undefined ? undefined : [...new Set(realm)]
  const realms = open.flatMap(one => names?.map(name => ({ ...one, name })) ?? [one])
  const router = createRouter({ realms, development: names === undefined, logger: log })
  const where = await router.listen({
    host,
    port,
    paths: ['/ws', '/'],
    ...(transport === undefined ? {} : { transport }),
  })
  const admin = await adminLink(router)
  // With a second router on this machine the first keeps the socket: that is no news.
  await attend({ router, log, reloads: false, grace: 2000, control: defaultPath() })
  process.stdout.write(developmentBanner({ where, admin, realms, onDemand: names === undefined }))
}

/** Opens the admin page, on another port where the usual one is taken. */
async function adminLink(router: Router): Promise<string> {
  const { link } = await router.serveAdmin().catch((error: unknown) => {
    if (error instanceof ListenError) return router.serveAdmin({ port: 0 })
    throw error
  })
  return link
}
