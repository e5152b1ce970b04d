import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { shipped } from '../config/shipped.ts'
import { examples } from './flags.ts'

/** `wampd schema`. */
export function schema(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of a configuration')
    .description(
      'Prints the JSON Schema (2020-12) of a configuration, for editors and other tools.',
    )
    .addHelpText(
      'after',
      examples([['wampd schema > wampd.schema.json', 'keep it beside the file']]),
    )
    .action(() => {
      process.stdout.write(readFileSync(shipped('realms/wampd.schema.json'), 'utf8'))
    })
}
