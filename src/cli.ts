#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { banner } from './banner.ts'
import { createLog, LOG_LEVELS, type LogLevel } from './base/log.ts'
import { ConfigError, loadConfig } from './config/load.ts'
import type { RealmConfig } from './config/schema.ts'
import { shipped } from './config/shipped.ts'
import { createRouter, ListenError } from './index.ts'
import { isUri } from './match/uri.ts'

interface Options {
  config?: string
  realm?: string[]
  host: string
  port: number
  transport?: 'uws' | 'ws'
  tlsCert?: string
  tlsKey?: string
  logLevel: LogLevel
  grace: number
  final: boolean
}

const EXAMPLES = `
Examples:
  wampd                                    development: realm1 and any other realm, all allowed
  wampd --realm com.example.app --port 0   only this realm, all allowed, on a free port
  wampd --config realms.yaml --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
`

const { version } = JSON.parse(readFileSync(shipped('package.json'), 'utf8'))

const program = new Command('wampd')
  .description('A WAMP router. Without options it starts for development.')
  .version(version)
  .option('-c, --config <file>', 'open the realms of this YAML or JSON file, and no others')
  .addOption(
    new Option('--realm <uri...>', 'open these realms to everybody, and no others')
      .argParser(realmNames)
      .conflicts('config'),
  )
  .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
  .addOption(
    new Option('--port <n>', 'port to listen on; 0 picks a free one')
      .env('PORT')
      .default(8080)
      .argParser(wholeNumber(65535)),
  )
  .addOption(
    new Option(
      '--transport <name>',
      'uws (uWebSockets.js) or ws; default: uws where it loads',
    ).choices(['uws', 'ws']),
  )
  .option('--tls-cert <file>', 'certificate chain in PEM: listen with TLS')
  .option('--tls-key <file>', 'key of the certificate in PEM')
  .addOption(
    new Option('--log-level <level>', 'how much to log on standard error')
      .choices(LOG_LEVELS)
      .default('info'),
  )
  .addOption(
    new Option('--grace <ms>', 'time to close the sessions on SIGINT or SIGTERM, in ms')
      .env('WAMPD_GRACE')
      .default(5000)
      .argParser(wholeNumber(3_600_000)),
  )
  .option('--final', 'on shutdown tell clients that the service ends, not that it restarts', false)
  .addHelpText('after', EXAMPLES)
  .configureOutput({ outputError: (text, write) => write(errorLine(text)) })
  .exitOverride(error => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()

// Whoever read our output may go before we do (wampd | head).
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

await start(program.opts<Options>())

async function start(options: Options): Promise<void> {
  const { host, port, transport, tlsCert, tlsKey, final, grace } = options
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    program.error('--tls-cert and --tls-key need each other')
  }
  const isOpen = options.config === undefined
  const onDemand = isOpen && options.realm === undefined
  const realms = realmsOf(options)
  const log = createLog(options.logLevel, process.stderr.isTTY)
  const router = createRouter({ realms, development: onDemand, logger: log })
  const where = await router
    .listen({
      host,
      port,
      paths: isOpen ? ['/ws', '/'] : ['/ws'],
      ...(transport === undefined ? {} : { transport }),
      ...(tlsCert && tlsKey ? { tls: { certificate: tlsCert, key: tlsKey } } : {}),
    })
    .catch(error => fail(error, ListenError, 1))

  let isClosing = false
  const close = (signal: string, code: number) => {
    if (isClosing) process.exit(code)
    isClosing = true
    log.info({}, `${signal}: closing; once more exits at once`)
    router.close({ final, grace }).then(
      () => process.exit(0),
      error => {
        log.error({ error: String(error) }, 'closing failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', () => close('SIGINT', 130))
  process.on('SIGTERM', () => close('SIGTERM', 143))

  const isLoopback = /^(localhost|127\..*|::1)$/.test(host)
  const started = { ...where, version, realms, onDemand, isOpen, isLoopback }
  const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined
  process.stdout.write(banner(started, colour))
}

/** The realms to open: the file's, those named, or the development realm that ships. */
function realmsOf({ config, realm }: Options): RealmConfig[] {
  try {
    const { realms } = loadConfig(config ?? shipped('realms/realm1.yaml'))
    if (realm === undefined) return realms
    // The development realm under the names that were asked for.
    return realms.flatMap(open => [...new Set(realm)].map(name => ({ ...open, name })))
  } catch (error) {
    return fail(error, ConfigError, 2)
  }
}

/** Ends with the lines of an error that the operator can mend; throws others on, as bugs. */
function fail(error: unknown, mendable: new (...of: never[]) => Error, code: number): never {
  if (!(error instanceof mendable)) throw error
  for (const line of error.message.split('\n')) process.stderr.write(`wampd: ${line}\n`)
  process.exit(code)
}

/** Commander's errors in one line, its suggestion included. */
function errorLine(text: string): string {
  return `wampd: ${text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')}\n`
}

function wholeNumber(max: number): (text: string) => number {
  return text => {
    if (/^\d{1,9}$/.test(text) && Number(text) <= max) return Number(text)
    throw new InvalidArgumentError(`Expected a whole number from 0 to ${max}.`)
  }
}

function realmNames(name: string, before: string[] = []): string[] {
  if (isUri(name, 'loose')) return [...before, name]
  throw new InvalidArgumentError('A realm is named by a URI, such as com.example.app.')
}
