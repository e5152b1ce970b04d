import type { Command } from 'commander'
import { examples, jsonFlag, socketFlag } from './flags.ts'

interface Flags {
  readonly socket: string
  readonly json?: boolean
}

/** `wampd admin`. */
export function admin(program: Command): void {
  program
    .command('admin')
    .summary('print the link to the admin page of a running router')
    .description(
      'Prints the link to the admin page of a running router. It lets in whoever has it: behind the # is ' +
        'the token.',
    )
    .addOption(jsonFlag())
    .addOption(socketFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd admin', 'the router of this user'],
        ['xdg-open "$(wampd admin)"', 'in the browser'],
        ['wampd admin | sed "s/.*#//" > token', 'the token alone, for --token-file'],
      ]),
    )
    .action(run)
}

async function run({ socket, json = false }: Flags): Promise<void> {
  const { ask } = await import('../control/client.ts')
  for await (const answer of ask<{ link: string }>(socket, 'admin')) {
    process.stdout.write(`${json ? JSON.stringify(answer) : answer.link}\n`)
  }
}
