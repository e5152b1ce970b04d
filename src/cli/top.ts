import { type Command, Option } from 'commander'
import { examples, numberFrom } from './flags.ts'
import { placeOf, withPlaceFlags } from './place-flags.ts'
import type { Printing } from './top/print.ts'
import { SORTS, sortsText } from './top/sorts.ts'

/** `wampd top`. */
export function top(program: Command): void {
  const verb = program
    .command('top')
    .summary('watch what a running router does')
    .description(
      'Shows what a running router does, anew each second: messages, bytes, calls and how long they ' +
        'take, memory, what went wrong, its largest realms and slowest clients. q ends it; ' +
        `${sortsText()} order the realms. Where it does not write to a terminal it prints a line each time.`,
    )
    .addOption(
      new Option('--interval <seconds>', 'time from one look to the next')
        .argParser(numberFrom(1, 3600))
        .default(1),
    )
    .addOption(
      new Option('--sort <column>', 'what realms are ordered by')
        .choices(Object.values(SORTS))
        .default('sessions'),
    )
    .option('--once', 'print all of one interval, and end', false)
  withPlaceFlags(verb)
    .addHelpText(
      'after',
      examples([
        ['wampd top', 'watch the router of this user'],
        ['wampd top --interval 10 > router.log', 'a line every ten seconds'],
        ['wampd top --once --json | jq .call.p99', 'for scripts'],
      ]),
    )
    .action(run)
}

async function run(flags: Printing, verb: Command): Promise<void> {
  const { apiAt } = await import('../admin/client.ts')
  const api = apiAt(placeOf(verb))
  const { stdin, stdout } = process
  if (flags.once || flags.json || !stdin.isTTY || !stdout.isTTY) {
    const { print } = await import('./top/print.ts')
    await print(api, flags)
  } else {
    const { watch } = await import('./top/watch.ts')
    await watch(api, flags.interval, flags.sort)
  }
}
