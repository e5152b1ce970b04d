import type { Command } from 'commander'
import { printable } from '../config/problem.ts'
import type { ProcessStatus } from './attend.ts'
import { columns } from './columns.ts'
import { examples, jsonFlag, socketFlag } from './flags.ts'

interface Flags {
  readonly socket: string
  readonly json?: boolean
}

/** `wampd status`. */
export function status(program: Command): void {
  program
    .command('status')
    .summary('say what a running router does')
    .description('Says what a running router does: where it listens, and who is in its realms.')
    .addOption(jsonFlag())
    .addOption(socketFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd status', 'the router of this user'],
        ['wampd status --json | jq .ready', 'for scripts'],
      ]),
    )
    .action(run)
}

async function run({ socket, json = false }: Flags): Promise<void> {
  const { ask } = await import('../control/client.ts')
  for await (const answer of ask<ProcessStatus>(socket, 'status')) {
    const text = json ? JSON.stringify(answer, null, 2) : table(answer)
    process.stdout.write(`${text}\n`)
  }
}

function table(status: ProcessStatus): string {
  const { version, pid, state, ready, started, listening, files, connections, realms, counters } =
    status
  const facts = [
    ['wampd', `${version}, process ${pid}, ${state}${ready ? '' : ', takes no new sessions'}`],
    ['started', started],
    ...listening.map(({ url, transport }) => ['listens on', `${url} (${transport})`]),
    ...files.map(file => ['file', file]),
    ['connections', String(connections)],
    ...Object.entries(counters)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => [name.replaceAll('_', ' '), String(count)]),
  ]
  const rows = realms.map(({ name, sessions, subscriptions, registrations, refused }) => [
    printable(name),
    ...[sessions, subscriptions, registrations, refused].map(String),
  ])
  const heading = ['realm', 'sessions', 'subscriptions', 'registrations', 'refused']
  return [columns(facts), '', columns([heading, ...rows])].join('\n')
}
