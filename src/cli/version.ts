import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { shipped } from '../config/shipped.ts'
import { examples } from './flags.ts'

export const version: string = JSON.parse(readFileSync(shipped('package.json'), 'utf8')).version

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
