import { once } from 'node:events'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { worthOf } from '../base/keys.ts'
import { MATCHES } from '../match/uri.ts'
import type { Line } from '../trace/line.ts'
import { Failure } from './exit.ts'
import { examples, numberFrom } from './flags.ts'
import { placeOf, withPlaceFlags } from './place-flags.ts'

interface Flags {
  readonly match: string
  readonly realm?: string
  readonly session?: number
  readonly authid?: string
  readonly authrole?: string
  readonly type?: string
  readonly direction?: string
  readonly payload: string
  readonly size?: number
  readonly rate?: number
  readonly limit?: number
  readonly duration?: number
  readonly json?: boolean
}

/** `wampd trace`. */
export function trace(program: Command): void {
  const verb = program
    .command('trace')
    .summary('show messages as they pass through a running router')
    .description(
      'Shows the messages between a running router and its clients as they pass, decoded: → came from a ' +
        'client, ← goes to one. Answers have the topic or procedure of their request, and the time since ' +
        'it. Secrets are left out, and what `trace.redact` of the configuration names. Ctrl-C ends it.',
    )
    .argument('[uri]', 'only this topic or procedure, with all that follows from requests for it')
    .addOption(new Option('--match <how>', 'how it is compared').choices(MATCHES).default('exact'))
    .option('--realm <uri>', 'only this realm')
    .option('--session <id>', 'only this session', idOf)
    .option('--authid <id>', 'only sessions with this authid')
    .option('--authrole <role>', 'only sessions with this role')
    .option('--type <names>', 'only messages of these types, such as CALL,RESULT,ERROR')
    .addOption(
      new Option('--direction <which>', 'only these, as the router sees them').choices([
        'received',
        'sent',
      ]),
    )
    .addOption(
      new Option('--payload <how>', 'how much of args, kwargs and details is shown')
        .choices(['none', 'short', 'full'])
        .default('short'),
    )
    .option('--size <n>', 'characters that are short (default: 2048)', numberFrom(16, 65_536))
    .option('--rate <n>', 'lines a second at most (default: 1000)', numberFrom(1, 10_000))
    .option('--limit <n>', 'ends after so many lines', numberFrom(1, 999_999_999))
    .option('--duration <time>', 'ends after this time, such as 30s', durationOf)
  withPlaceFlags(verb)
    .addHelpText(
      'after',
      examples([
        ['wampd trace', 'everything'],
        ['wampd trace com.example.add', 'calls of a procedure, from end to end'],
        ['wampd trace com.example. --match prefix --type PUBLISH,EVENT', 'some publications'],
        ['wampd trace --type ERROR,ABORT --json | jq .reason', 'for scripts: a line of JSON each'],
      ]),
    )
    .action(run)
}

async function run(uri: string | undefined, flags: Flags, verb: Command): Promise<void> {
  const { json = false, type: types } = flags
  const { match, realm, session, authid, authrole, direction } = flags
  const { payload, size, rate, limit, duration } = flags
  const filter = { uri, match, realm, session, authid, authrole, types, direction }
  const { apiAt } = await import('../admin/client.ts')
  const api = apiAt(placeOf(verb))
  const leaving = new AbortController()
  const { signal } = leaving
  process.once('SIGINT', () => leaving.abort())
  // Whoever read it has gone: wampd trace | head
  process.stdout.once('error', () => leaving.abort())
  const write = await writerOf(json, signal)
  const query = { ...filter, payload, size, rate, limit, duration }
  for await (const line of api.stream<Line>(['trace'], query, signal)) {
    await write(line)
    if (line.kind === 'ended') sayWhy(line.why)
  }
}

async function writerOf(
  json: boolean,
  signal: AbortSignal,
): Promise<(line: Line) => Promise<void>> {
  const { stdout } = process
  const { tracePrinter } = await import('./trace-lines.ts')
  const print = json ? JSON.stringify : tracePrinter(stdout)
  return async line => {
    const text = print(line)
    // The router drops lines rather than wait: so it must see that nobody reads.
    if (text !== undefined && !stdout.write(`${text}\n`)) {
      await once(stdout, 'drain', { signal }).catch(() => {})
    }
  }
}

function sayWhy(why: Extract<Line, { kind: 'ended' }>['why']): void {
  if (why === 'disabled') throw new Failure('the configuration forbids it now', 1)
  if (why === 'closed') throw new Failure('the router has gone down', 1)
  if (why === 'failed') throw new Failure('the router failed at it; its log says why', 1)
}

function idOf(text: string): number {
  const id = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(id)) return id
  throw new InvalidArgumentError('Expected the id of a session, a whole number.')
}

function durationOf(text: string): number {
  const worth = worthOf('duration', text)
  if (worth !== undefined && worth > 0 && worth <= 2_000_000_000) return worth
  throw new InvalidArgumentError('Expected a duration such as 30s, 5m or 2h.')
}
