import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { isLoopbackName } from '../base/network.ts'
import type { Scenario } from '../bench/loads.ts'
import type { Figures, Plan } from '../bench/run.ts'
import type { Target } from '../bench/session.ts'
import { printable } from '../config/problem.ts'
import type { Serializer } from '../serializer/serializer.ts'
import { version } from '../version.ts'
import { Failure } from './exit.ts'
import { examples, numberFrom, transportFlag } from './flags.ts'
import { showProgress } from './progress.ts'

interface Flags {
  readonly scenario: Scenario
  readonly rate?: number
  readonly window?: number
  readonly connections?: number
  readonly subscribers?: number
  readonly payload: number
  readonly seconds: number
  readonly serializer: 'json' | 'msgpack' | 'cbor'
  readonly realm: string
  readonly authid?: string
  readonly ticketEnv?: string
  readonly pid?: number
  readonly transport?: 'uws' | 'ws'
  readonly remote: boolean
  readonly json?: string
}

/** `wampd bench`. */
export function bench(program: Command): void {
  program
    .command('bench')
    .summary('measure a router: latency, throughput, losses')
    .description(
      'Loads a WAMP router, and says how long messages took, how many there were in a second, and what ' +
        'was lost, doubled or out of order; then the exit code is 2. Without a URL it measures a router of ' +
        'its own. Latency counts from when a message was due, so that a router that stalls cannot hide it. ' +
        'It uses URIs below `bench.`; the realm must allow them.',
    )
    .argument('[url]', 'such as ws://127.0.0.1:8080/ws; anonymous unless told')
    .addOption(
      new Option('--scenario <name>', 'calls; one publisher and many subscribers; or pairs of them')
        .choices(['rpc', 'pubsub', 'pairs'])
        .default('rpc'),
    )
    .option(
      '--rate <n>',
      'messages to send a second, in all (default: 1000)',
      numberFrom(1, 1_000_000),
    )
    .option(
      '--window <n>',
      'instead: messages that each sender keeps in flight',
      numberFrom(1, 10_000),
    )
    .option('--connections <n>', 'callers or pairs (default: 1, of pairs 10)', numberFrom(1, 5000))
    .option('--subscribers <n>', 'of pubsub (default: 10)', numberFrom(1, 10_000))
    .option('--payload <bytes>', 'text in each message', numberFrom(0, 1_000_000), 16)
    .option('--seconds <n>', 'time to measure, after one to warm up', numberFrom(1, 300), 5)
    .addOption(
      new Option('--serializer <name>', 'how messages are written')
        .choices(['json', 'msgpack', 'cbor'])
        .default('json'),
    )
    .option('--realm <uri>', 'to join', 'realm1')
    .option('--authid <id>', 'as whom to join, by ticket')
    .option('--ticket-env <variable>', 'the variable of the environment that holds the ticket')
    .option(
      '--pid <n>',
      "the process that does the router's work, to measure its CPU time (Linux)",
      numberFrom(1, 4194304),
    )
    .addOption(transportFlag())
    .option('--remote', 'the URL may be beyond this machine', false)
    .option('--json <file>', 'write the figures as JSON; - is standard output')
    .addHelpText(
      'after',
      examples([
        ['wampd bench', 'a router of its own, 1,000 calls a second'],
        ['wampd bench --window 64', 'as many calls as it can, 64 in flight'],
        [
          'wampd bench ws://127.0.0.1:8080/ws --scenario pubsub --subscribers 100',
          'another router',
        ],
      ]),
    )
    .action(run)
}

async function run(url: string | undefined, flags: Flags): Promise<void> {
  const plan = planOf(flags)
  const login = loginOf(flags)
  if (url === undefined) refuse(flags, ['pid', 'authid'], 'a URL')
  else {
    refuse(flags, ['transport'], 'no URL')
    checkUrl(url, flags)
  }
  const { cpuSeconds } = await import('../bench/cpu.ts')
  if (flags.pid !== undefined && cpuSeconds(flags.pid) === undefined) {
    throw new Failure(`--pid: the CPU time of process ${flags.pid} cannot be read`, 2)
  }
  const { BenchError } = await import('../bench/session.ts')
  const { run: measure } = await import('../bench/run.ts')
  const { SERIALIZERS } = await import('../serializer/registry.ts')
  const { table } = await import('../bench/table.ts')
  const serializer = SERIALIZERS.find(({ name }) => name === flags.serializer) as Serializer
  const router =
    url === undefined ? await ownRouter(flags) : { url, name: printable(url), pid: flags.pid }
  const target = { url: router.url, realm: flags.realm, serializer, ...login }
  try {
    const figures = await measure(plan, target, { pid: router.pid, tell: showProgress })
    showProgress(undefined)
    report(flags, plan, router.name, figures, table(plan, serializer.name, router.name, figures))
    if (!figures.sound) process.exitCode = 2
  } catch (error) {
    if (error instanceof BenchError) throw new Failure(error.message, 1)
    throw error
  } finally {
    showProgress(undefined)
    router.stop?.()
  }
}

interface Measured {
  readonly url: string
  readonly pid: number | undefined
  readonly name: string
  stop?(): void
}

/** A router in a process of its own, on a free port of this machine. */
async function ownRouter({ transport }: Flags): Promise<Measured> {
  const file = fileURLToPath(new URL('../bench/own-router.js', import.meta.url))
  const child = fork(file, transport === undefined ? [] : [transport])
  const listening = await new Promise<{ url: string; transport: string }>((resolve, reject) => {
    child.once('message', message => resolve(message as { url: string; transport: string }))
    child.once('exit', code => reject(new Failure(`the router ended with ${code}`, 1)))
  })
  const name = `wampd ${version} (${listening.transport})`
  return { url: listening.url, pid: child.pid, name, stop: () => child.disconnect() }
}

function planOf(flags: Flags): Plan {
  const { scenario, rate, window, connections, subscribers, payload, seconds } = flags
  if (rate !== undefined && window !== undefined) {
    throw new Failure('--rate and --window exclude each other', 2)
  }
  if (scenario === 'pubsub') refuse(flags, ['connections'], '--scenario rpc or pairs')
  else refuse(flags, ['subscribers'], '--scenario pubsub')
  const shape = {
    connections: connections ?? (scenario === 'pairs' ? 10 : 1),
    subscribers: subscribers ?? 10,
    payload,
  }
  const pacing = window === undefined ? { rate: rate ?? 1000 } : { window }
  return { scenario, shape, warmup: 1, seconds, ...pacing }
}

/** The ticket comes by the environment, so that it stands in no history and no list of processes. */
function loginOf({ authid, ticketEnv }: Flags): Pick<Target, 'login'> {
  if (authid === undefined && ticketEnv === undefined) return {}
  if (authid === undefined || ticketEnv === undefined) {
    throw new Failure('--authid and --ticket-env belong together', 2)
  }
  const ticket = process.env[ticketEnv]
  if (!ticket) throw new Failure(`--ticket-env: there is no variable ${ticketEnv}`, 2)
  return { login: { authid, ticket } }
}

function refuse(flags: Flags, names: readonly (keyof Flags)[], need: string): void {
  const given = names.find(name => flags[name] !== undefined)
  if (given !== undefined) throw new Failure(`--${given} needs ${need}`, 2)
}

function checkUrl(text: string, { remote }: Flags): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^wss?:$/.test(url.protocol) || url.hash !== '') {
    throw new Failure(`${printable(text)} is no ws: or wss: URL`, 2)
  }
  if (url.username !== '' || url.password !== '')
    throw new Failure('a URL holds no password here', 2)
  if (!remote && !isLoopbackName(url.hostname)) {
    throw new Failure(
      `${url.hostname} is beyond this machine: a load is an attack where nobody expects it. ` +
        '--remote allows it',
      2,
    )
  }
}

function report(flags: Flags, plan: Plan, router: string, figures: Figures, text: string): void {
  const { json, serializer } = flags
  const { shape, ...what } = plan
  const all = { router, ...what, ...shape, serializer, ...figures }
  const written = `${JSON.stringify(all, null, 2)}\n`
  process.stdout.write(json === '-' ? written : text)
  if (json === undefined || json === '-') return
  try {
    writeFileSync(json, written)
  } catch (error) {
    throw new Failure(`${json} cannot be written: ${(error as Error).message}`, 1)
  }
}
