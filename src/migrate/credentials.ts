import { pbkdf2Sync } from 'node:crypto'
import { type Context, dropKey } from './context.ts'
import { literal } from './draft.ts'
import type { Given } from './given.ts'

/** The keys of a user besides the role, or undefined where they cannot be used: that has a row then. */
export type Credentials = Record<string, unknown> | undefined

/** A secret as the new file has it: the same text, or the same variable. */
function secretOf({ draft, report }: Context, given: Given, key: string): string | undefined {
  const secret = given.text(key)
  if (secret === undefined) return undefined
  const [, variable] = /^\$\{(.+)\}$/.exec(secret.value) ?? []
  if (variable === undefined) return literal(secret.value)
  if (!/^[A-Za-z_]\w*$/.test(variable)) {
    secret.at.drop('is no name of a variable that wampd takes', 'letters, digits and _ only')
    return undefined
  }
  report.changed(secret.at, `is the variable ${variable}: it must be set, or nothing starts`)
  return draft.variable(variable, 'a-value')
}

export function ticketOf(context: Context, given: Given): Credentials {
  const ticket = secretOf(context, given, 'ticket')
  if (ticket === undefined) given.drop('has no ticket')
  return ticket === undefined ? undefined : { ticket }
}

/** Longest time that rounds may take here; more than wampd itself takes is refused by its check. */
const MAX_ITERATIONS = 10_000_000

export function wampcraOf(context: Context, given: Given): Credentials {
  const secret = secretOf(context, given, 'secret')
  if (secret === undefined) return given.drop('has no secret')
  const salt = given.text('salt')
  const iterations = given.number('iterations')?.value ?? 1000
  const keylen = given.number('keylen')?.value ?? 32
  if (salt === undefined || salt.value === '') return { secret }
  const salted = { salt: literal(salt.value), iterations, keylen }
  if (isKey(secret, keylen)) return { secret, ...salted }
  if (secret.startsWith('${')) {
    context.report.changed(salt.at, 'the variable must hold the salted key, not the password')
    return { secret, ...salted }
  }
  // Crossbar 25.2 and later keep the password itself beside the salt.
  const isPossible = [iterations, keylen].every(n => Number.isInteger(n) && n >= 1)
  if (!isPossible || iterations > MAX_ITERATIONS || keylen > 64)
    return given.drop('has no iterations and keylen by which its key can be made')
  const password = given.text('secret')?.value ?? ''
  const key = pbkdf2Sync(password, salt.value, iterations, keylen, 'sha256').toString('base64')
  context.report.changed(salt.at, 'the secret was the password: here it is the salted key of it')
  return { secret: key, ...salted }
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
