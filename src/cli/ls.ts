import { Argument, type Command, Option } from 'commander'
import type { Api } from '../admin/client.ts'
import { Failure } from './exit.ts'
import { examples, numberFrom } from './flags.ts'
import { placeOf, withPlaceFlags } from './place-flags.ts'
import type { What } from './rows.ts'

interface Flags {
  readonly realm?: string
  readonly search?: string
  readonly limit?: number
  readonly json?: boolean
}

const KINDS = ['realms', 'sessions', 'registrations', 'subscriptions'] as const

/** `wampd ls`. */
export function ls(program: Command): void {
  const verb = program
    .command('ls')
    .summary('list what a running router has')
    .description(
      'Lists the realms of a running router, or the sessions, registrations or subscriptions in them, ' +
        'the oldest first. With an id it shows that one, and who or what belongs to it.',
    )
    .addArgument(new Argument('<what>', 'what to list').choices(KINDS))
    .argument('[id]', 'of a session, registration or subscription; of a realm its name')
    .option('--realm <uri>', 'in this realm; by default in all')
    .option('--search <text>', 'with this in its URI; of sessions in id, authid, role, address, …')
    .addOption(
      new Option('--limit <n>', 'the most rows; by default all').argParser(
        numberFrom(1, 999_999_999),
      ),
    )
  withPlaceFlags(verb)
    .addHelpText(
      'after',
      examples([
        ['wampd ls sessions', 'who is there'],
        ['wampd ls sessions --realm com.example.app --search joe', 'some of them'],
        ['wampd ls sessions 3582194173', 'one, its subscriptions and registrations'],
        ['wampd ls registrations --json | jq .uri', 'for scripts: a line of JSON for each'],
      ]),
    )
    .action(run)
}

async function run(
  kind: (typeof KINDS)[number],
  id: string | undefined,
  flags: Flags,
  verb: Command,
): Promise<void> {
  refuse(kind, id, flags)
  const { apiAt } = await import('../admin/client.ts')
  const api = apiAt(placeOf(verb))
  if (kind === 'realms') await listRealms(api, id, flags)
  else if (id === undefined) await list(api, kind, flags)
  else await show(api, kind, idOf(id), flags)
}

function refuse(kind: string, id: string | undefined, { realm, search, limit }: Flags): void {
  if (kind === 'realms' && realm !== undefined) {
    throw new Failure(`--realm: for one realm, wampd ls realms ${realm}`, 2)
  }
  if (id === undefined) return
  if (search !== undefined) throw new Failure('--search is for lists, not for one', 2)
  if (limit !== undefined) throw new Failure('--limit is for lists, not for one', 2)
  if (kind !== 'realms') idOf(id)
}

/** Reads the id of a session, registration or subscription. */
export function idOf(text: string): number {
  const id = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(id)) return id
  throw new Failure(`'${text}' is no id, which is a whole number; --search looks for a text`, 2)
}

async function listRealms(api: Api, name: string | undefined, flags: Flags): Promise<void> {
  const { realmsOf } = await import('./rows.ts')
  const { realmTable } = await import('./row-tables.ts')
  const { search = '', limit } = flags
  const all = await realmsOf(api)
  if (name !== undefined && !all.some(realm => realm.name === name)) {
    throw new Failure(`there is no realm ${name}`, 1)
  }
  const wanted = all
    .filter(realm => name === undefined || realm.name === name)
    .filter(realm => realm.name.toLowerCase().includes(search.toLowerCase()))
    .slice(0, limit)
  if (flags.json) for (const row of wanted) writeJson(row)
  else writeTable('realms', realmTable(wanted), wanted.length)
}

async function list(api: Api, what: What, flags: Flags): Promise<void> {
  const { listed } = await import('./rows.ts')
  const { tableOf } = await import('./row-tables.ts')
  const rows = []
  for await (const row of listed(api, what, flags)) {
    if (flags.json) writeJson(row)
    else rows.push(row)
  }
  if (!flags.json) writeTable(what, tableOf(what, rows, flags.realm === undefined), rows.length)
}

async function show(api: Api, what: What, id: number, { realm, json }: Flags): Promise<void> {
  const { withId } = await import('./rows.ts')
  const { oneOf } = await import('./row-tables.ts')
  let count = 0
  for await (const one of withId(api, what, id, realm)) {
    if (json) writeJson(one)
    else process.stdout.write(`${count > 0 ? '\n' : ''}${oneOf(what, one)}\n`)
    count++
  }
  if (count === 0) throw new Failure(`there is no ${what.slice(0, -1)} ${id}`, 1)
}

function writeJson(row: object): void {
  process.stdout.write(`${JSON.stringify(row)}\n`)
}

function writeTable(what: string, table: string, count: number): void {
  if (count === 0) process.stderr.write(`no ${what}\n`)
  else process.stdout.write(`${table}\n`)
}
