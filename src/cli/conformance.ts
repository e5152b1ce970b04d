import type { Command } from 'commander'
import type { Finding } from '../conformance/run.ts'
import type { Serializer } from '../serializer/serializer.ts'
import { failureOf } from './client.ts'
import { examples } from './flags.ts'
import { showProgress } from './progress.ts'
import { checkedUrl, credentialsOf, type RouterFlags, routerFlags, tlsOf } from './router-flags.ts'

interface Flags extends RouterFlags {
  readonly json?: boolean
}

/** `wampd conformance`. */
export function conformance(program: Command): void {
  const verb = program
    .command('conformance')
    .summary('prove what a router does of WAMP')
    .description(
      'Proves by messages which features of the specification a WAMP router has, and whether it announces ' +
        'them. It uses URIs below `conformance.`, opens and ends sessions of its own, and sends unsound ' +
        'messages: not for a router that serves others. Where something is announced, or of the Basic ' +
        'Profile, and does not work as the specification says, the exit code is 1.',
    )
    .argument('[url]', 'instead of --url', checkedUrl)
  routerFlags(verb)
    .option('--json', 'print JSON, a line for each feature')
    .addHelpText(
      'after',
      examples([
        ['wampd conformance', 'a router for development on this machine'],
        ['wampd conformance ws://127.0.0.1:9000/ws --realm com.example.app', 'another router'],
        ['wampd conformance --json | jq .state', 'for scripts'],
      ]),
    )
    .action(run)
}

async function run(named: string | undefined, flags: Flags): Promise<void> {
  const { realm, json = false } = flags
  const url = named ?? flags.url
  const { announcedBy, FEATURES, findings } = await import('../conformance/run.ts')
  const { isFaulty, rowOf, summaryOf } = await import('../conformance/table.ts')
  const { SERIALIZERS } = await import('../serializer/registry.ts')
  const serializer = SERIALIZERS.find(one => one.name === flags.serializer) as Serializer
  const credentials = await credentialsOf({ ...flags, url })
  const options = { tls: tlsOf(flags), timeout: flags.timeout }
  const target = { url, realm, serializer, options, credentials }
  const all: Finding[] = []
  try {
    const announced = await announcedBy(target)
    if (!json && announced.agent !== '') process.stdout.write(`${announced.agent}\n`)
    for await (const finding of findings(target, announced)) {
      all.push(finding)
      showProgress(undefined)
      process.stdout.write(`${json ? JSON.stringify(finding) : rowOf(finding)}\n`)
      showProgress(all.length / FEATURES.length)
    }
  } catch (error) {
    throw failureOf(error)
  } finally {
    showProgress(undefined)
  }
  if (!json) process.stdout.write(`${summaryOf(all)}\n`)
  if (all.some(isFaulty)) process.exitCode = 1
}
