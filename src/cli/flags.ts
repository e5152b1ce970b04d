import { InvalidArgumentError, Option } from 'commander'
import { worthOf } from '../base/keys.ts'
import { LOG_LEVELS } from '../base/log-level.ts'
import { defaultPath } from '../control/path.ts'
import { isUri } from '../match/uri.ts'

/** Flags that several verbs have. Each call makes one, for a verb of its own. */
export const hostFlag = () =>
  new Option('--host <address>', 'address to listen on; 0.0.0.0 for all')

export const portFlag = () =>
  new Option('--port <n>', 'port to listen on; 0 picks a free one').argParser(numberFrom(0, 65535))

export const transportFlag = () =>
  new Option(
    '--transport <name>',
    'uws (uWebSockets.js) or ws; by default uws where it loads',
  ).choices(['uws', 'ws'])

export const logLevelFlag = () =>
  new Option('--log-level <level>', 'how much to log on standard error').choices(LOG_LEVELS)

export const jsonFlag = () => new Option('--json', 'print JSON')

export const finalFlag = () =>
  new Option('--final', 'tell clients that the service ends, not that it restarts').default(
    false,
    'off',
  )

export const socketFlag = () =>
  new Option('--socket <path>', "the router's control socket, where it is not the usual one")
    .env('WAMPD_SOCKET')
    .default(defaultPath())

export const realmFlag = () =>
  new Option('--realm <uri...>', 'open these realms to everybody, and no others').argParser(
    realmNames,
  )

/** The examples at the end of a verb's help: command and what it does. */
export function examples(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([command]) => command.length))
  const lines = pairs.map(([command, text]) => `  ${command.padEnd(width)}  ${text}`)
  return ['', 'Examples:', ...lines].join('\n')
}

/** Reads a whole number of a range. */
export function numberFrom(min: number, max: number): (text: string) => number {
  return text => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }
}

/** Reads a time with its unit, in milliseconds. */
export function durationFrom(text: string): number {
  const worth = worthOf('duration', text)
  if (worth !== undefined && worth > 0) return worth
  throw new InvalidArgumentError('Expected a duration such as 500ms, 30s, 5m or 2h.')
}

/** Reads a URI of the protocol. */
export function uriFrom(text: string): string {
  if (isUri(text, 'loose')) return text
  throw new InvalidArgumentError('Expected a URI, such as com.example.app.')
}

function realmNames(name: string, before: string[] = []): string[] {
  if (isUri(name, 'loose')) return [...before, name]
  throw new InvalidArgumentError('A realm is named by a URI, such as com.example.app.')
}
