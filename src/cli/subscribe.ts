import { type Command, Option } from 'commander'
import type { Dict } from '../protocol/payload.ts'
import type { Event } from '../remote/session.ts'
import { inSessions, note, printer } from './client.ts'
import { Failure } from './exit.ts'
import { durationFrom, examples, numberFrom } from './flags.ts'
import { type RouterFlags, routerFlags } from './router-flags.ts'
import { dictFrom } from './values.ts'

interface Flags extends RouterFlags {
  readonly match?: string
  readonly retained?: boolean
  readonly options?: Dict
  readonly count?: number
  readonly for?: number
  readonly once?: boolean
  readonly quiet?: boolean
}

/** `wampd subscribe`. */
export function subscribe(program: Command): void {
  const verb = program
    .command('subscribe')
    .summary('print events as they come')
    .description(
      'Subscribes to topics, and prints each event in a line of JSON: {"topic", "args", "kwargs", "details"}. ' +
        'Where the connection is lost it comes again; what was published meanwhile is not heard.',
    )
    .argument('<topic...>', 'their URIs')
  routerFlags(verb)
    .addOption(
      new Option('--match <how>', 'what a topic is compared by').choices([
        'exact',
        'prefix',
        'wildcard',
      ]),
    )
    .option('--retained', 'hear what is retained, too')
    .option('--options <json>', 'further options of SUBSCRIBE', dictFrom)
    .option('--count <n>', 'end after so many events', numberFrom(1, 999_999_999))
    .option(
      '--for <duration>',
      'end after that time; with --count it is 5 where there were fewer',
      durationFrom,
    )
    .option('--once', 'end where the connection is lost')
    .option('-q, --quiet', 'do not say when it is subscribed')
    .addHelpText(
      'after',
      examples([
        ['wampd subscribe com.example.hello', 'until Ctrl-C'],
        ['wampd subscribe com.example. --match prefix | jq .topic', 'all topics below'],
        ['wampd subscribe com.example.ready --count 1 --for 30s', 'waits for an event'],
      ]),
    )
    .action(run)
}

async function run(topics: string[], flags: Flags): Promise<void> {
  const { match, retained, count = Number.POSITIVE_INFINITY, quiet } = flags
  const options = {
    ...(match === undefined ? {} : { match }),
    ...(retained === undefined ? {} : { get_retained: true }),
    ...flags.options,
  }
  let left = count
  let end = () => {}
  const done = new Promise<void>(resolve => {
    end = resolve
  })
  const timer = flags.for === undefined ? undefined : setTimeout(end, flags.for)
  try {
    await inSessions(flags, async (session, signal) => {
      signal.addEventListener('abort', end)
      const print = printer(session)
      const hear = ({ topic, publication, args, kwargs, details }: Event) => {
        if (left === 0) return
        print({ topic, args, kwargs, details: { publication, ...details } })
        if (--left === 0) end()
      }
      const held = await Promise.all(topics.map(topic => session.subscribe(topic, hear, options)))
      if (!quiet) note(`subscribed to ${topics.join(', ')}`)
      const revoked = held.map(one => one.revoked)
      const lost = [session.ended, ...revoked].map(ending => ending.then(failWith))
      await Promise.race([done, ...lost])
    })
  } finally {
    clearTimeout(timer)
  }
  const isShort = flags.count !== undefined && left > 0
  if (flags.for !== undefined && isShort && process.exitCode === undefined) {
    const heard = count - left
    const events = heard === 1 ? 'was 1 event' : `were ${heard} events`
    throw new Failure(`there ${events} of ${count} in that time`, 5)
  }
}

/** The session is over, or the router has taken a subscription away. */
function failWith(reason: Error | string): never {
  if (typeof reason !== 'string') throw reason
  throw new Failure(`the router has ended a subscription: ${reason}`, 4)
}
