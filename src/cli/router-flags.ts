import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isLoopbackName } from '../base/network.ts'
import { whyUnread } from '../base/why-unread.ts'
import { addressIn } from '../remote/address.ts'
import type { TlsOptions } from '../remote/carrier.ts'
import type { Credentials } from '../remote/login.ts'
import { Failure } from './exit.ts'
import { durationFrom, uriFrom } from './flags.ts'
import { readSecret } from './secret-input.ts'

/** Which router to speak to, how, and as whom. */
export interface RouterFlags {
  readonly url: string
  readonly realm: string
  readonly serializer: 'json' | 'msgpack' | 'cbor'
  readonly authid?: string
  readonly authmethod?: string
  readonly ticketFile?: string
  readonly secretFile?: string
  readonly key?: string
  readonly ca?: string
  readonly cert?: string
  readonly certKey?: string
  readonly insecure?: boolean
  readonly timeout: number
}

const METHODS = [
  ...['anonymous', 'ticket', 'wampcra', 'wamp-scram', 'scram', 'cryptosign', 'tls'],
] as const

/** Adds them to a verb. */
export function routerFlags(verb: Command): Command {
  return verb
    .optionsGroup('Router and login:')
    .addOption(
      new Option('--url <url>', 'ws:, wss:, rs:, rss:, or ws+unix:PATH:/ws and rs+unix:PATH')
        .env('WAMPD_URL')
        .default('ws://127.0.0.1:8080/ws')
        .argParser(checkedUrl),
    )
    .addOption(
      new Option('--realm <uri>', 'the realm to join')
        .env('WAMPD_REALM')
        .default('realm1')
        .argParser(uriFrom),
    )
    .addOption(
      new Option('--serializer <name>', 'how messages are written')
        .choices(['json', 'msgpack', 'cbor'])
        .default('json'),
    )
    .addOption(new Option('--authid <id>', 'as whom to join').env('WAMPD_AUTHID'))
    .addOption(
      new Option('--authmethod <name>', 'by which method, where there is a choice').choices(
        METHODS,
      ),
    )
    .option('--ticket-file <file>', 'a file with a ticket or token; - asks (or WAMPD_TICKET)')
    .option(
      '--secret-file <file>',
      'a file with the password for SCRAM and wampcra; - asks (or WAMPD_SECRET)',
    )
    .addOption(
      new Option('--key <file>', 'the private key for cryptosign, by `wampd keygen`').env(
        'WAMPD_KEY',
      ),
    )
    .option('--ca <file>', "whom to trust for the router's certificate, in PEM")
    .option('--cert <file>', 'a certificate of your own, in PEM')
    .option('--cert-key <file>', 'its private key, in PEM')
    .option('--insecure', 'trust any certificate, and send tickets without TLS')
    .addOption(
      new Option(
        '--timeout <duration>',
        'how long connecting and each answer of the router may take',
      )
        .default(10_000, '10s')
        .argParser(durationFrom),
    )
    .optionsGroup('Options:')
}

/** What the flags and the environment have to prove who it is. Rejects with a Failure. */
export async function credentialsOf(flags: RouterFlags): Promise<Credentials> {
  const { authid, ticketFile, secretFile, key, cert, authmethod: method, url, insecure } = flags
  const isGiven = [ticketFile, secretFile, key].some(flag => flag !== undefined)
  const { WAMPD_TICKET, WAMPD_SECRET } = isGiven ? {} : process.env
  if (ticketFile === '-' && secretFile === '-') {
    throw new Failure('--ticket-file and --secret-file cannot both ask', 2)
  }
  const ticket = await secretFrom('--ticket-file', ticketFile, WAMPD_TICKET)
  const secret = await secretFrom('--secret-file', secretFile, WAMPD_SECRET)
  if (secret !== undefined && authid === undefined) {
    throw new Failure('--secret-file needs --authid', 2)
  }
  if (ticket !== undefined && !insecure && isOpen(url)) {
    const { hostname } = new URL(url)
    throw new Failure(
      `a ticket is sent as it is, and ${hostname} is reached without TLS: --insecure allows it`,
      2,
    )
  }
  return {
    ...{ authid, ticket, secret, method },
    ...(key === undefined ? {} : { key: keyIn(key) }),
    hasCertificate: cert !== undefined,
  }
}

/** What TLS needs. Throws a Failure. */
export function tlsOf({ ca, cert, certKey, insecure = false }: RouterFlags): TlsOptions {
  if ((cert === undefined) !== (certKey === undefined)) {
    throw new Failure('--cert and --cert-key belong together', 2)
  }
  const files = {
    ...(ca === undefined ? {} : { ca: textIn('--ca', ca) }),
    ...(cert === undefined ? {} : { cert: textIn('--cert', cert) }),
    ...(certKey === undefined ? {} : { key: textIn('--cert-key', certKey) }),
  }
  try {
    createSecureContext(files)
    // An authority that cannot be read would just be left out.
    if (files.ca !== undefined) new X509Certificate(files.ca)
  } catch (error) {
    const names = ['--ca', '--cert', '--cert-key'].filter((_, i) => [ca, cert, certKey][i])
    throw new Failure(`${names.join(', ')}: this is no sound PEM: ${(error as Error).message}`, 2)
  }
  return { ...files, insecure }
}

/** The text of a file that a flag names. Throws a Failure. */
export function textIn(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`${flag}: ${file}: ${whyUnread(error)}`, 2)
  }
}

/** A secret from the first line of a file, from standard input, or from the environment. Rejects with a Failure. */
export async function secretFrom(
  flag: string,
  file: string | undefined,
  fallback: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return fallback || undefined
  const secret = file === '-' ? await readSecret() : textIn(flag, file).split(/\r?\n/, 1)[0]
  if (secret) return secret
  throw new Failure(`${flag}: there is nothing in ${file === '-' ? 'standard input' : file}`, 2)
}

function keyIn(file: string): string {
  const key = textIn('--key', file).trim()
  if (/^[0-9a-f]{64}$/i.test(key)) return key
  throw new Failure(`--key: ${file} has no key of 64 hex digits, as wampd keygen makes it`, 2)
}

/** Others may listen on the way. */
function isOpen(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isPlain = protocol === 'ws:' || protocol === 'rs:'
  return isPlain && !isLoopbackName(hostname) && !(protocol === 'rs:' && hostname === 'unix')
}

/** A URL that can be one of a router. */
export function checkedUrl(text: string): string {
  try {
    addressIn(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}
