import { pbkdf2Sync } from 'node:crypto'
import { type Context, dropKey } from './context.ts'
import { literal } from './draft.ts'
import type { Given } from './given.ts'

/** The keys of a user besides the role, or undefined where they cannot be used: that has a row then. */
export type Credentials = Record<string, unknown> | undefined

/** How Crossbar names a variable of the environment. */
const VARIABLE = /^\$\{(.+)\}$/

/** The variable that a secret is, where the old router has variables. */
function variableIn({ hasVariables }: Context, secret: string): string | undefined {
  return hasVariables ? VARIABLE.exec(secret)?.[1] : undefined
}

/** A secret as the new file has it: the same text, or the same variable. */
function secretOf(context: Context, given: Given, key: string): string | undefined {
  const secret = given.text(key)
  if (secret === undefined) return undefined
  const variable = variableIn(context, secret.value)
  if (variable === undefined) return literal(secret.value)
  if (!/^[A-Za-z_]\w*$/.test(variable)) {
    secret.at.drop('is no name of a variable that wampd takes', 'letters, digits and _ only')
    return undefined
  }
  const text = `is the variable ${variable}: it must be set, or nothing starts`
  context.report.changed(secret.at, text)
  return context.draft.variable(variable, 'a-value')
}

export function ticketOf(context: Context, given: Given): Credentials {
  const ticket = secretOf(context, given, 'ticket')
  if (ticket === undefined) given.drop('has no ticket')
  return ticket === undefined ? undefined : { ticket }
}

/** Rounds that are made here at most: half a second. */
const MAX_ITERATIONS = 1_000_000
const MAX_KEYLEN = 64

/** A user of Crossbar: beside a salt stands the salted key or, since 25.2, the password itself. */
export function wampcraOf(context: Context, given: Given): Credentials {
  return craOf(context, given, isKey)
}

/** A user of nxt, where the secret is the password even beside a salt. */
export function wampcraOfPassword(context: Context, given: Given): Credentials {
  return craOf(context, given, () => false)
}

function craOf(
  context: Context,
  given: Given,
  isSalted: (secret: string, keylen: number) => boolean,
): Credentials {
  const { report } = context
  const secret = secretOf(context, given, 'secret')
  const [salt, rounds, length] = [
    given.text('salt'),
    given.number('iterations')?.value,
    given.number('keylen')?.value,
  ]
  if (secret === undefined) return given.drop('has no secret')
  if (salt === undefined || salt.value === '') return { secret }
  const [iterations, keylen] = [rounds || 1000, length || 32]
  const salted = { salt: literal(salt.value), iterations, keylen }
  const password = given.text('secret')?.value ?? ''
  if (isSalted(password, keylen)) {
    const text = 'its secret is taken for the salted key; if it is the password: wampd hash wampcra'
    report.changed(salt.at, text)
    return { secret, ...salted }
  }
  if (variableIn(context, password) !== undefined) {
    report.changed(salt.at, 'the variable must hold the salted key, not the password')
    return { secret, ...salted }
  }
  if (!isCount(iterations, MAX_ITERATIONS) || !isCount(keylen, MAX_KEYLEN)) {
    return given.drop('its key cannot be made by these iterations and keylen', 'wampd hash wampcra')
  }
  const key = pbkdf2Sync(password, salt.value, iterations, keylen, 'sha256').toString('base64')
  report.changed(salt.at, 'its secret was the password: here it is the salted key')
  return { secret: key, ...salted }
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}

/** True of a text that is a key of this length in base64. */
function isKey(text: string, length: number): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === length && bytes.toString('base64') === text
}

/** A user of SCRAM: keys and salt are in hex in Crossbar, in base64 here. */
export function scramOf({ report }: Context, given: Given): Credentials {
  const kdf = given.text('kdf')?.value
  const texts = ['salt', 'stored-key', 'server-key'].map(key => given.text(key)?.value)
  const [salt, stored_key, server_key] = texts.map(base64Of)
  const iterations = given.number('iterations')?.value
  const memory = given.number('memory')?.value
  const isWhole = [salt, stored_key, server_key, iterations].every(part => part !== undefined)
  const known = kdf === 'argon2id-13' ? 'argon2id13' : kdf
  if (!isWhole || (known !== 'argon2id13' && known !== 'pbkdf2'))
    return given.drop(
      'is no user of SCRAM: kdf, salt, stored-key, server-key or iterations are not right',
    )
  report.changed(given, 'salt and keys are in base64 here', 'authenticators.*.scram.principals.*')
  const cost = known === 'pbkdf2' ? {} : { memory }
  return { kdf: known, salt, iterations, ...cost, stored_key, server_key }
}

function base64Of(hex: string | undefined): string | undefined {
  if (hex === undefined || hex.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(hex)) return undefined
  return Buffer.from(hex, 'hex').toString('base64')
}

export function cryptosignOf(_: Context, given: Given): Credentials {
  const keys = given.list('authorized_keys').flatMap(one => {
    const key = one.asText()
    return key === undefined ? [] : [key.toLowerCase()]
  })
  if (keys.length === 0) given.drop('has no authorized_keys')
  return keys.length === 0 ? undefined : { authorized_keys: keys }
}

export function tlsOf(_: Context, given: Given): Credentials {
  dropKey(given, 'certificate-sha1', 'certificates are known by SHA-256 here')
  return given.drop(
    'is known by the SHA-1 of a certificate, which says nothing of its SHA-256',
    'add fingerprint: the output of openssl x509 -noout -fingerprint -sha256',
  )
}
