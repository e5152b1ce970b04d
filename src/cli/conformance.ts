import { type Command, Option } from 'commander'
import type { Finding } from '../conformance/run.ts'
import type { Serializer } from '../serializer/serializer.ts'
import { Failure } from './exit.ts'
import { examples } from './flags.ts'
import { showProgress } from './progress.ts'

interface Flags {
  readonly realm: string
  readonly serializer: 'json' | 'msgpack' | 'cbor'
  readonly json?: boolean
}

/** `wampd conformance`. */
export function conformance(program: Command): void {
  program
    .command('conformance')
    .summary('prove what a router does of WAMP')
    .description(
      'Proves by messages which features of the specification a WAMP router has, and whether it announces ' +
        'them. It uses URIs below `conformance.`, opens and ends sessions of its own, and sends unsound ' +
        'messages: not for a router that serves others. Where something is announced, or of the Basic ' +
        'Profile, and does not work as the specification says, the exit code is 1.',
    )
    .argument(
      '[url]',
      'such as ws://127.0.0.1:8080/ws or rs://127.0.0.1:8081',
      'ws://127.0.0.1:8080/ws',
    )
    .option('--realm <uri>', 'to join', 'realm1')
    .addOption(
      new Option('--serializer <name>', 'for all but the checks of serializers')
        .choices(['json', 'msgpack', 'cbor'])
        .default('json'),
    )
    .option('--json', 'print JSON, a line for each feature')
    .addHelpText(
      'after',
      examples([
        ['wampd conformance', 'a router for development on this machine'],
        ['wampd conformance ws://127.0.0.1:9000/ws --realm com.example.app', 'another router'],
        ['wampd conformance --json | jq -c "select(.state == "fails")"', 'for scripts'],
      ]),
    )
    .action(run)
}

async function run(url: string, { realm, serializer: name, json = false }: Flags): Promise<void> {
  const { announcedBy, FEATURES, findings } = await import('../conformance/run.ts')
  const { isFaulty, rowOf, summaryOf } = await import('../conformance/table.ts')
  const { RemoteError } = await import('../remote/remote-error.ts')
  const { SERIALIZERS } = await import('../serializer/registry.ts')
  const serializer = SERIALIZERS.find(one => one.name === name) as Serializer
  const target = { url, realm, serializer, options: {} }
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
    if (error instanceof RemoteError) throw new Failure(error.message, 1)
    throw error
  } finally {
    showProgress(undefined)
  }
  if (!json) process.stdout.write(`${summaryOf(all)}\n`)
  if (all.some(isFaulty)) process.exitCode = 1
}
