import type { Command } from 'commander'
import { version } from '../version.ts'
import { examples } from './flags.ts'

/** `wampd version`. */
export function versionVerb(program: Command): void {
  program
    .command('version')
    .summary('print the version, and what it runs on')
    .description('Prints the version of wampd, and what it runs on: good to have in a bug report.')
    .addHelpText(
      'after',
      examples([
        ['wampd version', 'the version, Node and the transport'],
        ['wampd --version', 'the version alone'],
      ]),
    )
    .action(run)
}

async function run(): Promise<void> {
  const { loadUws } = await import('../transport/load.ts')
  const uws = await loadUws()
  const { platform, arch, version: node } = process
  const transport = 'listen' in uws ? 'uws' : `ws; uWebSockets.js: ${uws.missing}`
  process.stdout.write(
    `wampd ${version}\nNode ${node} on ${platform} ${arch}\ntransport ${transport}\n`,
  )
}
