import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { printable } from '../config/problem.ts'
import type { Place, Token } from '../control/place.ts'
import { Failure } from './exit.ts'
import { jsonFlag, socketFlag } from './flags.ts'

/** Adds the flags of all verbs that ask a router by `/api`. */
export function withPlaceFlags(verb: Command): Command {
  return verb
    .addOption(jsonFlag())
    .addOption(socketFlag())
    .addOption(
      new Option(
        '--url <url>',
        'instead of the socket: the admin endpoint, such as http://127.0.0.1:9090',
      ).env('WAMPD_ADMIN_URL'),
    )
    .option(
      '--token-file <file>',
      'with --url: the file that holds the token; by default it is in WAMPD_ADMIN_TOKEN',
    )
}

/** Where the flags of a verb say that the router is. Throws a Failure. */
export function placeOf(verb: Command, env: NodeJS.ProcessEnv = process.env): Place {
  const { socket, url, tokenFile } = verb.opts<{
    socket: string
    url?: string
    tokenFile?: string
  }>()
  const isTyped = (flag: string) => verb.getOptionValueSource(flag) === 'cli'
  if (isTyped('socket') && isTyped('url')) {
    throw new Failure('--socket and --url exclude each other', 2)
  }
  // What is typed goes over the environment.
  if (url === undefined || isTyped('socket')) {
    if (tokenFile !== undefined) throw new Failure('--token-file needs --url', 2)
    return { socket }
  }
  return { url: checkedUrl(url), token: tokenOf(tokenFile, env) }
}

function checkedUrl(text: string): string {
  const wrong = (why: string) => new Failure(`--url: ${printable(text)} ${why}`, 2)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw wrong('is no http: or https: URL')
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new Failure(
      '--url: a URL holds no token here: give --token-file, or WAMPD_ADMIN_TOKEN',
      2,
    )
  }
  if (url.search !== '') throw wrong('has a query')
  return url.href
}

function tokenOf(file: string | undefined, env: NodeJS.ProcessEnv): Token | undefined {
  const { WAMPD_ADMIN_TOKEN: inEnv } = env
  if (file === undefined && !inEnv) return undefined
  const from = file ?? 'WAMPD_ADMIN_TOKEN'
  const text = (file === undefined ? inEnv : contentOf(file))?.trim() ?? ''
  // What a header cannot hold is never sent, and never shown either.
  if (/^[\x21-\x7e]+$/.test(text)) return { text, from }
  throw new Failure(`${file === undefined ? '' : '--token-file: '}${from} holds no token`, 2)
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`--token-file: ${(error as Error).message}`, 2)
  }
}
