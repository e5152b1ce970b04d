import type { Command } from 'commander'
import { goDown } from './drain.ts'
import { examples, finalFlag, socketFlag } from './flags.ts'

/** `wampd stop`. */
export function stop(program: Command): void {
  program
    .command('stop')
    .summary('end a running router now')
    .description(
      'Ends a running router within seconds: all clients are sent away at once, and calls that run ' +
        'are lost. `wampd drain` lets them finish.',
    )
    .addOption(finalFlag())
    .addOption(socketFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd stop', 'clients come back to the next one'],
        ['wampd stop --final', 'clients get GOODBYE wamp.close.system_shutdown, and stay away'],
      ]),
    )
    .action(flags => goDown('stop', flags))
}
