import { createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { signer } from '../auth/cryptosign.ts'
import { isSame } from '../auth/same.ts'
import { AUTOBAHN, STANDARD } from '../auth/scram.ts'
import { authMessage, clientProof, scramKeys, serverSignature } from '../auth/scram-keys.ts'
import { printable } from '../config/problem.ts'
import type { Challenge, Welcome } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import { RemoteError } from './remote-error.ts'

/** What a client proves with who it is; without any of it, it is anonymous. */
export interface Credentials {
  readonly authid?: string | undefined
  /** For `ticket`: sent as it is, a token (JWT) too. */
  readonly ticket?: string | undefined
  /** For `wamp-scram`, `scram` and `wampcra`: the password, which is never sent. */
  readonly secret?: string | undefined
  /** For `cryptosign`: the private key, 64 hex digits. */
  readonly key?: string | undefined
  /** TLS has shown a certificate, for `tls`. */
  readonly hasCertificate?: boolean
  /** The one method to come by, where the rest does not tell. */
  readonly method?: string | undefined
}

/** A login under way: what HELLO says, and the answers to what comes. */
export interface Login {
  /** Of the details of HELLO. */
  readonly details: Dict
  /** AUTHENTICATE for CHALLENGE. Rejects with a RemoteError. */
  answer(challenge: Challenge): Promise<{ signature: string; extra: Dict }>
  /** Throws a RemoteError where the router had to prove itself, and has not. */
  check(welcome: Welcome): void
}

type Answer = Awaited<ReturnType<Login['answer']>>

/** One method, as far as it takes part. */
interface Method {
  readonly name: string
  /** Of `authextra` in HELLO. */
  readonly authextra?: Dict
  answer?(extra: Dict): Promise<Answer>
  check?(authextra: Dict): void
}

/** Begins a login. Throws a RemoteError (`address`) where a method lacks what it proves with. */
export function loginWith(credentials: Credentials): Login {
  const { authid } = credentials
  const methods = methodsFor(credentials)
  const authextra = Object.assign({}, ...methods.map(method => method.authextra ?? {}))
  let asked: Method | undefined
  return {
    details: {
      authmethods: methods.map(({ name }) => name),
      ...(authid === undefined ? {} : { authid }),
      ...(Object.keys(authextra).length === 0 ? {} : { authextra }),
    },
    async answer({ method, extra }) {
      asked = methods.find(({ name, answer }) => name === method && answer !== undefined)
      // What is proven by one method is not given away by another.
      if (asked?.answer === undefined) {
        throw unsound(`it asks for a proof by ${printable(method)}, which was not offered`)
      }
      return asked.answer(extra)
    },
    check({ details }) {
      if (asked === undefined && methods.every(({ check }) => check !== undefined)) {
        throw unsound('it asks for no proof, and gives none')
      }
      asked?.check?.(dictIn(details.authextra))
    },
  }
}

function methodsFor(credentials: Credentials): Method[] {
  const { method, ...proofs } = credentials
  const possible = methodsOf(proofs)
  const found = method === undefined ? possible : possible.filter(({ name }) => name === method)
  if (found.length > 0) return found
  if (possible.length > 0) {
    const names = possible.map(({ name }) => name).join(', ')
    throw new RemoteError(
      'address',
      `${printable(String(method))} cannot be with this proof: ${names}`,
    )
  }
  if (method !== undefined && method !== 'anonymous') {
    throw new RemoteError('address', `${printable(method)} needs something to prove with`)
  }
  return [{ name: 'anonymous' }]
}

/** The most careful first. */
function methodsOf({ authid, ticket, secret, key, hasCertificate }: Credentials): Method[] {
  return [
    ...(key === undefined ? [] : [cryptosign(key)]),
    ...(secret === undefined ? [] : [...scramBoth(authid ?? '', secret), wampcra(secret)]),
    ...(ticket === undefined ? [] : [ticketMethod(ticket)]),
    ...(hasCertificate ? [{ name: 'tls' }] : []),
  ]
}

function ticketMethod(ticket: string): Method {
  return { name: 'ticket', answer: async () => ({ signature: ticket, extra: {} }) }
}

/** WAMP, "Cryptosign-based Authentication". */
function cryptosign(key: string): Method {
  const { pubkey, sign } = signer(key)
  return {
    name: 'cryptosign',
    authextra: { pubkey, channel_binding: null },
    async answer(extra) {
      return { signature: sign(textIn(extra, 'challenge', /^[0-9a-f]{64}$/i)), extra: {} }
    },
  }
}

const derive = promisify(pbkdf2)

/** WAMP, "Challenge Response Authentication". */
function wampcra(secret: string): Method {
  return {
    name: 'wampcra',
    async answer(extra) {
      const challenge = textIn(extra, 'challenge')
      let key = secret
      if ((extra.salt ?? '') !== '') {
        const iterations = numberIn(extra, 'iterations', MAX_ITERATIONS, 1000)
        const length = numberIn(extra, 'keylen', 64, 32)
        const salted = await derive(secret, textIn(extra, 'salt'), iterations, length, 'sha256')
        key = salted.toString('base64')
      }
      const signature = createHmac('sha256', key).update(challenge).digest('base64')
      return { signature, extra: {} }
    },
  }
}

/** A router must not make a client work for ever, nor take all its memory: rounds, and KiB. */
const MAX_ITERATIONS = 10_000_000
const MAX_MEMORY = 1 << 20

/** SCRAM as the specification has it, and as Autobahn has it. Both come with one nonce. */
function scramBoth(authid: string, secret: string): Method[] {
  // Without padding, so that the router's part can follow in base64, too.
  const nonce = randomBytes(24).toString('base64')
  return [STANDARD, AUTOBAHN].map(dialect => scram(dialect, authid, secret, nonce))
}

/** WAMP, "Salted Challenge Response Authentication Mechanism". */
function scram(
  dialect: typeof STANDARD,
  authid: string,
  secret: string,
  clientNonce: string,
): Method {
  let expected: string | undefined
  return {
    name: dialect.method,
    authextra: { nonce: clientNonce, channel_binding: null },
    async answer(extra) {
      const nonce = textIn(extra, 'nonce')
      if (!nonce.startsWith(clientNonce) || nonce === clientNonce) {
        throw unsound('its nonce does not begin with that of the client')
      }
      const salt = textIn(extra, 'salt', /^[A-Za-z0-9+/]+={0,2}$/)
      const iterations = numberIn(extra, 'iterations', MAX_ITERATIONS)
      const kdf = /^argon2id-?13$/.test(textIn(extra, 'kdf')) ? 'argon2id13' : 'pbkdf2'
      if (kdf === 'pbkdf2' && extra.kdf !== 'pbkdf2') throw unsound('its kdf is not known here')
      const memory = kdf === 'pbkdf2' ? 0 : numberIn(extra, 'memory', MAX_MEMORY)
      // Loaded when needed: argon2 is large.
      const { saltedPassword } = await import('../auth/secrets.ts')
      const options = { method: dialect.method, kdf, iterations, memory } as const
      const key = await saltedPassword(secret, salt, options).catch((error: Error) => {
        throw new RemoteError('address', `the secret cannot be used: ${error.message}`)
      })
      const { binding } = dialect
      const said = {
        authid: dialect.authidText(authid),
        clientNonce,
        nonce,
        salt,
        iterations,
        binding,
      }
      const message = authMessage(said)
      expected = serverSignature(message, scramKeys(key))
      const signature = clientProof(key, message)
      return { signature, extra: { nonce, channel_binding: null, cbind_data: null } }
    },
    check(authextra) {
      const [[name, value]] = Object.entries(dialect.verifier(expected ?? '')) as [[string, string]]
      const given = authextra[name]
      if (expected === undefined || typeof given !== 'string' || !isSame(given, value)) {
        throw unsound('it has not proven to know the secret')
      }
    },
  }
}

function dictIn(value: unknown): Dict {
  return typeof value === 'object' && value !== null ? (value as Dict) : {}
}

function textIn(extra: Dict, name: string, form = /^/): string {
  const value = extra[name]
  if (typeof value === 'string' && form.test(value)) return value
  throw unsound(`its ${name} is missing, or not what it should be`)
}

function numberIn(extra: Dict, name: string, most: number, fallback?: number): number {
  const value = extra[name] ?? fallback
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return Number(value)
  throw unsound(`its ${name} is not a number from 1 to ${most}`)
}

function unsound(text: string): RemoteError {
  return new RemoteError('refused', `the router is not trusted with the login: ${text}`)
}
