import type { Command } from 'commander'
import { defaultPath } from '../control/path.ts'
import { configFile } from './config-file.ts'
import { Failure } from './exit.ts'
import { examples, hostFlag, logLevelFlag, portFlag, transportFlag } from './flags.ts'
import type { Overrides } from './override.ts'

interface Flags extends Overrides {
  readonly config?: string
}

/** `wampd start`. */
export function start(program: Command): void {
  program
    .command('start')
    .summary('start a router as a configuration says')
    .description(
      'Starts a router as a configuration says, and no other realms, users or ports than are in it.',
    )
    .option(
      '-c, --config <file>',
      'YAML or JSON; by default wampd.yaml, wampd.yml or wampd.json in this folder',
    )
    .addOption(hostFlag())
    .addOption(portFlag())
    .addOption(transportFlag())
    .addOption(logLevelFlag())
    .option('--watch', 'reload by itself when the configuration changes')
    .addHelpText(
      'after',
      examples([
        ['wampd init && wampd start', 'a new configuration, and a router by it'],
        ['wampd start -c /etc/wampd/wampd.yaml', 'another file'],
        ['wampd start --port 9000 --watch', 'over what the file says'],
      ]),
    )
    .action(run)
}

const NO_TRANSPORT = `there are no transports, so nobody could connect. Add, for example:
  authenticators: { guests: { anonymous: { role: ROLE } } }
  transports: [{ type: websocket, endpoint: { port: 8080 }, auth: [guests] }]`

async function run({ config: named, ...flags }: Flags): Promise<void> {
  const file = configFile(named)
  const { createRouter } = await import('../router.ts')
  const { attend } = await import('./attend.ts')
  const { banner } = await import('./banner.ts')
  const { override } = await import('./override.ts')

  const router = createRouter({ file, override: loaded => override(loaded, flags) })
  const { config } = router
  if (config.transports.length === 0) throw new Failure(`${file}: ${NO_TRANSPORT}`, 2)
  await router.start()
  const { enabled, path = defaultPath() } = config.control
  const control = enabled ? path : undefined
  const { refused } = await attend({ router, log: router.log, reloads: true, control })
  if (refused !== undefined) router.log.warn({}, `it runs without control: ${refused}`)
  const isControlled = enabled && refused === undefined
  const { listening } = router.status()
  // Where it goes to a file or a log, it must not let anybody in.
  const admin = process.stdout.isTTY ? router.adminLink : (router.status().admin ?? undefined)
  process.stdout.write(
    banner({ config, listening, control: isControlled ? path : undefined, admin }),
  )
}
