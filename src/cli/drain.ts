import type { Command } from 'commander'
import type { Ending, Progress } from '../control/verbs.ts'
import { Failure } from './exit.ts'
import { examples, finalFlag, socketFlag } from './flags.ts'

interface Flags extends Ending {
  readonly socket: string
}

/** `wampd drain`. */
export function drain(program: Command): void {
  program
    .command('drain')
    .summary('end a running router when its calls have ended')
    .description(
      'Ends a running router without losing a call that can finish: it takes no new sessions, sends ' +
        'clients away some at a time, and ends when they are gone or `shutdown.grace` is over. ' +
        'Waits for that; interrupting the waiting does not stop it.',
    )
    .addOption(finalFlag())
    .addOption(socketFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd drain && systemctl start wampd', 'clients come back to the next one'],
        ['wampd drain --final', 'clients stay away'],
      ]),
    )
    .action((flags: Flags) => goDown('drain', flags))
}

/** Where to write; progress is for terminals. */
interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Asks a router to go down, and waits until it has. */
export async function goDown(
  verb: 'drain' | 'stop',
  { socket, final }: Flags,
  output: Output = process.stdout,
): Promise<void> {
  const { ask } = await import('../control/client.ts')
  const tell = (text: string) => output.isTTY && output.write(`\r${text}\x1b[K`)
  let isDown = false
  for await (const { sessions, done } of ask<Progress>(socket, verb, { final })) {
    tell(`${sessions} sessions left`)
    isDown = done
  }
  tell('')
  if (!isDown) throw new Failure('the router ended before all sessions were sent away', 1)
  output.write('the router has ended\n')
}
