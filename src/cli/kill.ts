import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Api } from '../admin/client.ts'
import type { SessionRow } from '../admin/operations/sessions.ts'
import { isUri } from '../match/uri.ts'
import { Failure } from './exit.ts'
import { examples } from './flags.ts'
import { idOf } from './ls.ts'
import { placeOf, withPlaceFlags } from './place-flags.ts'

interface Flags {
  readonly realm?: string
  readonly authid?: string
  readonly authrole?: string
  readonly reason?: string
  readonly message?: string
  readonly yes: boolean
  readonly json?: boolean
}

/** `wampd kill`. */
export function kill(program: Command): void {
  const verb = program
    .command('kill')
    .summary('end sessions of a running router')
    .description(
      'Ends sessions of a running router with a GOODBYE: those that are named, or all of a user or ' +
        'role. Before it ends several it shows them and asks. The exit code is 1 where one is not there.',
    )
    .argument('[session...]', 'ids, as wampd ls sessions has them')
    .option('--realm <uri>', 'in this realm; by default in all')
    .option('--authid <id>', 'all sessions of this user')
    .option('--authrole <role>', 'all sessions of this role')
    .addOption(
      new Option(
        '--reason <uri>',
        'the reason of the GOODBYE; by default wamp.close.killed',
      ).argParser(uriOf),
    )
    .option('--message <text>', 'for people: the message of the GOODBYE')
    .option('--yes', 'do not ask', false)
  withPlaceFlags(verb)
    .addHelpText(
      'after',
      examples([
        ['wampd kill 3582194173', 'one'],
        ['wampd kill --authid joe --message "Please sign in anew"', 'all of a user'],
        ['wampd kill --authrole guest --realm com.example.app --yes', 'in a script'],
      ]),
    )
    .action(run)
}

async function run(texts: readonly string[], flags: Flags, verb: Command): Promise<void> {
  const { authid, authrole, yes } = flags
  const isByUser = authid !== undefined || authrole !== undefined
  if (isByUser === texts.length > 0) {
    throw new Failure('name sessions, or give --authid or --authrole', 2)
  }
  const ids = [...new Set(texts.map(idOf))]
  const { apiAt } = await import('../admin/client.ts')
  const api = apiAt(placeOf(verb))
  const hit = isByUser ? await ofUser(api, flags) : await named(api, ids, flags)
  if (hit.length > 1 && !yes) await confirm(hit)
  await end(api, hit, flags)
  const missing = ids.filter(id => !hit.some(({ session }) => session === id))
  if (missing.length > 0) {
    throw new Failure(missing.map(id => `there is no session ${id}`).join('\n'), 1)
  }
}

/** Exactly those: a search finds parts of names as well. */
async function ofUser(api: Api, { realm, authid, authrole }: Flags): Promise<SessionRow[]> {
  const { listed } = await import('./rows.ts')
  const sessions: SessionRow[] = []
  for await (const row of listed(api, 'sessions', { realm, search: authid ?? authrole })) {
    const isOther =
      (authid ?? row.authid) !== row.authid || (authrole ?? row.authrole) !== row.authrole
    if (!isOther) sessions.push(row)
  }
  return sessions
}

async function named(api: Api, ids: readonly number[], { realm }: Flags): Promise<SessionRow[]> {
  const { withId } = await import('./rows.ts')
  const sessions: SessionRow[] = []
  for (const id of ids) {
    for await (const one of withId(api, 'sessions', id, realm)) sessions.push(one)
  }
  return sessions
}

/** Rejects with a Failure unless somebody at a terminal says yes. */
async function confirm(hit: readonly SessionRow[]): Promise<void> {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new Failure(`${hit.length} sessions would end: --yes ends them`, 1)
  }
  const { tableOf } = await import('./row-tables.ts')
  const [shown, more] = [hit.slice(0, MOST_SHOWN), hit.length - MOST_SHOWN]
  stderr.write(`${tableOf('sessions', shown, true, stderr)}\n`)
  if (more > 0) stderr.write(`… and ${more} more\n`)
  const asking = createInterface({ input: stdin, output: stderr })
  // Ctrl-C and Ctrl-D close it without an answer.
  const closed = once(asking, 'close').then(() => '\n')
  const answered = asking.question(`End these ${hit.length} sessions? [y/N] `).catch(() => '\n')
  const answer = await Promise.race([answered, closed])
  if (answer === '\n') stderr.write(answer)
  asking.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('nothing was ended', 1)
}

/** Sessions that are shown before they end. */
const MOST_SHOWN = 20

async function end(api: Api, hit: readonly SessionRow[], flags: Flags): Promise<void> {
  const { unlessGone } = await import('./rows.ts')
  const { reason, message, json } = flags
  const { stdout, stderr } = process
  let ended = 0
  for (const { realm, session } of hit) {
    const path = ['realms', realm, 'sessions', session, 'kill']
    const answer = await api.post(path, { reason, message }).catch(unlessGone)
    if (answer === undefined) continue
    ended++
    if (json) stdout.write(`${JSON.stringify({ realm, session })}\n`)
    else if (stderr.isTTY && hit.length > MOST_SHOWN) {
      stderr.write(`\r${ended} of ${hit.length}\x1b[K`)
    }
  }
  if (json) return
  if (stderr.isTTY) stderr.write('\r\x1b[K')
  stdout.write(`ended ${ended} ${ended === 1 ? 'session' : 'sessions'}\n`)
}

function uriOf(text: string): string {
  if (isUri(text, 'loose')) return text
  throw new InvalidArgumentError('A reason is a URI, such as com.example.banned.')
}
