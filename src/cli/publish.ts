import type { Command } from 'commander'
import type { Dict } from '../protocol/payload.ts'
import type { Session } from '../remote/session.ts'
import { inSession, printer } from './client.ts'
import { examples } from './flags.ts'
import { inputLines } from './input.ts'
import { type RouterFlags, routerFlags } from './router-flags.ts'
import { argumentOf, dictFrom, pairsFrom } from './values.ts'
import { argsIn, checkInput, INPUT } from './words.ts'

interface Flags extends RouterFlags {
  readonly kwargs?: Dict
  readonly lines?: boolean
  readonly acknowledge: boolean
  readonly retain?: boolean
  readonly discloseMe?: boolean
  readonly options?: Dict
  readonly json?: boolean
}

/** Bytes that may wait for the router before more lines are read. */
const MAX_WAITING = 1 << 20

/** `wampd publish`. */
export function publish(program: Command): void {
  const verb = program
    .command('publish')
    .summary('publish an event, or one for each line of standard input')
    .description(
      'Publishes an event, and ends when the router has taken it. An argument is JSON where it is some, ' +
        'else text; - is the JSON on standard input.',
    )
    .argument('<topic>', 'its URI')
    .argument('[args...]', 'what the event carries')
  routerFlags(verb)
    .option('-k, --kwargs <json>', 'keyword arguments: a JSON object, or name=value', pairsFrom)
    .option('--lines', 'an event for each line of standard input, which stands where - does')
    .option('--acknowledge', 'wait for the router, and hear of refusals', true)
    .option('--no-acknowledge', 'do not: faster, and silent')
    .option('--retain', 'keep the event for those who subscribe later')
    .option('--disclose-me', 'have subscribers told who publishes')
    .option('--options <json>', 'further options of PUBLISH', dictFrom)
    .option('--json', "print the publications' ids, a line each")
    .addHelpText(
      'after',
      examples([
        ['wampd publish com.example.hello "Hello, world!"', 'a text'],
        ['wampd publish com.example.state \'{"on": true}\' --retain', 'JSON, kept'],
        ['tail -f log | wampd publish com.example.log --lines', 'each line an event'],
      ]),
    )
    .action(run)
}

async function run(topic: string, words: string[], flags: Flags): Promise<void> {
  const { kwargs = {}, lines, acknowledge, retain, discloseMe, json } = flags
  const options = {
    ...(acknowledge ? { acknowledge } : {}),
    ...(retain === undefined ? {} : { retain }),
    ...(discloseMe === undefined ? {} : { disclose_me: discloseMe }),
    ...flags.options,
  }
  const events = lines ? linesOf(words, flags) : once(await argsIn(words, flags))
  await inSession(flags, async (session, signal) => {
    const print = printer(session)
    const lost = new AbortController()
    void session.ended.then(error => lost.abort(error))
    for await (const args of events(AbortSignal.any([signal, lost.signal]))) {
      const publication = await session.publish(topic, args, kwargs, options)
      if (json && publication !== undefined) print({ publication })
      await room(session)
    }
    lost.signal.throwIfAborted()
  })
}

/** The arguments of events, until the signal is aborted. */
type Events = (signal: AbortSignal) => AsyncIterable<unknown[]>

function once(args: unknown[]): Events {
  return async function* () {
    yield args
  }
}

/** An event for each line of standard input. Throws a Failure. */
function linesOf(words: string[], flags: Flags): Events {
  const places = words.includes(INPUT) ? words : [...words, INPUT]
  checkInput(places, flags)
  const at = places.indexOf(INPUT)
  const values = places.map(word => (word === INPUT ? undefined : argumentOf(word)))
  return async function* (signal) {
    for await (const line of inputLines(signal)) yield values.with(at, argumentOf(line))
  }
}

/** Waits until the router has taken what was sent. */
async function room(session: Session): Promise<void> {
  while (session.waiting > MAX_WAITING) await new Promise(resolve => setTimeout(resolve, 5))
}
