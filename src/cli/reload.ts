import type { Command } from 'commander'
import { changesText, changeText } from '../config/change-text.ts'
import type { Change } from '../config/diff.ts'
import { examples, jsonFlag, socketFlag } from './flags.ts'

interface Flags {
  readonly socket: string
  readonly json?: boolean
}

/** `wampd reload`. */
export function reload(program: Command): void {
  program
    .command('reload')
    .summary('have a running router take up its changed configuration')
    .description(
      'Has a running router read its configuration again, without cutting sessions, and prints what ' +
        'changed. A file with mistakes changes nothing.',
    )
    .addOption(jsonFlag())
    .addOption(socketFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd check && wampd reload', 'look at the file first'],
        ['kill -HUP PID', 'the same, without the answer'],
      ]),
    )
    .action(run)
}

async function run({ socket, json = false }: Flags): Promise<void> {
  const { ask } = await import('../control/client.ts')
  for await (const { changes } of ask<{ changes: Change[] }>(socket, 'reload')) {
    const lines = [changesText(changes), ...changes.map(change => `  ${changeText(change)}`)]
    const text = json ? JSON.stringify({ changes }, null, 2) : lines.join('\n')
    process.stdout.write(`${text}\n`)
  }
}
