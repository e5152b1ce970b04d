import { setTimeout as sleep } from 'node:timers/promises'
import { printable } from '../config/problem.ts'
import { AUTHENTICATION_FAILED, PayloadError, TIMEOUT, WampError } from '../protocol/errors.ts'
import { RemoteError } from '../remote/remote-error.ts'
import type { Session } from '../remote/session.ts'
import { Failure } from './exit.ts'
import { credentialsOf, type RouterFlags, tlsOf } from './router-flags.ts'
import { lineOf } from './values.ts'

/** Does something in a session. The signal is aborted when the user wants an end. */
type Use = (session: Session, signal: AbortSignal) => Promise<void>

/** Joins a realm, does something there, and leaves. Rejects with a Failure. */
export async function inSession(flags: RouterFlags, use: Use): Promise<void> {
  const open = await opener(flags)
  await untilSignal(async signal => {
    await during(await open(signal), session => use(session, signal))
  })
}

/** The same, but joins again where the connection is lost, until `use` has resolved. */
export async function inSessions(flags: RouterFlags & { once?: boolean }, use: Use): Promise<void> {
  const open = await opener(flags)
  await untilSignal(async signal => {
    for (let attempt = 0, isKnown = false; ; attempt++) {
      try {
        await during(await open(signal), async session => {
          attempt = 0
          isKnown = true
          await use(session, signal)
        })
        return
      } catch (error) {
        // Where it has never come in, waiting would only hide what is wrong.
        if (!isKnown || flags.once || signal.aborted || !isPassing(error)) throw error
        const delay = backoff(attempt)
        note(`${(error as Error).message}; trying again in ${(delay / 1000).toFixed(1)} s`)
        await sleep(delay, undefined, { signal })
      }
    }
  })
}

/** Says something that is no result, in one line. */
export function note(text: string): void {
  process.stderr.write(`wampd: ${text}\n`)
}

/** Prints values, a line each; reads no more of a session while nobody takes them. */
export function printer(session: Session): (value: unknown) => void {
  let isFull = false
  return value => {
    if (process.stdout.write(lineOf(value)) || isFull) return
    isFull = true
    session.pause()
    process.stdout.once('drain', () => {
      isFull = false
      session.resume()
    })
  }
}

/** Longest wait between attempts to connect: ms. */
const MAX_DELAY = 30_000

/** From one second on twice as long each time, give or take, so that not all come back at once. */
function backoff(attempt: number): number {
  return Math.min(MAX_DELAY, 1000 * 2 ** attempt) * (0.5 + Math.random() / 2)
}

/** It may be otherwise in a while. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof RemoteError)) return false
  const { fault, uri } = error
  const isLost = fault === 'unreachable' || fault === 'timeout' || fault === 'closed'
  return (isLost && uri === undefined) || uri === AUTHENTICATION_FAILED
}

/** What joins the realm, as often as it is called: secrets are asked for but once. */
async function opener(flags: RouterFlags): Promise<(signal: AbortSignal) => Promise<Session>> {
  const { url, realm, timeout } = flags
  const tls = tlsOf(flags)
  const credentials = await credentialsOf(flags)
  // Loaded when needed.
  const { SERIALIZERS } = await import('../serializer/registry.ts')
  const { connect } = await import('../remote/wire.ts')
  const { join } = await import('../remote/join.ts')
  const { loginWith } = await import('../remote/login.ts')
  try {
    // What cannot be is told before there is a connection.
    loginWith(credentials)
  } catch (error) {
    throw failureOf(error)
  }
  const serializer = SERIALIZERS.find(({ name }) => name === flags.serializer)
  return async signal => {
    const options = serializer === undefined ? {} : { serializer }
    const wire = await connect(url, { ...options, tls, timeout, signal })
    const stop = () => wire.terminate()
    signal.addEventListener('abort', stop)
    try {
      return await join(wire, { realm, credentials, timeout })
    } catch (error) {
      await wire.close()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

async function during(session: Session, use: (session: Session) => Promise<void>): Promise<void> {
  try {
    await use(session)
  } finally {
    await session.leave()
  }
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** Has the first signal ask for an end in order, and the second one end at once. Rejects with a Failure. */
async function untilSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const ending = new AbortController()
  const onSignal = (name: keyof typeof SIGNALS) => {
    if (ending.signal.aborted) process.exit(SIGNALS[name])
    process.exitCode = SIGNALS[name]
    ending.abort(new Error(name))
  }
  // Whoever reads what is printed wants no more.
  const onBroken = () => ending.abort(new Error('nobody reads'))
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  process.stdout.once('error', onBroken)
  try {
    await work(ending.signal)
  } catch (error) {
    if (!ending.signal.aborted) throw failureOf(error)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** What went wrong, in the words and with the exit code for it; our bugs stay what they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof WampError) {
    return new Failure(printable(error.message, 1000), error.uri === TIMEOUT ? 5 : 3, {
      cause: error,
    })
  }
  if (error instanceof PayloadError) return new Failure(error.message, 2, { cause: error })
  if (!(error instanceof RemoteError)) return error
  const { fault, uri, message } = error
  const codes = { address: 2, unreachable: 1, unsound: 1, refused: 4, timeout: 5 } as const
  const code = fault === 'closed' ? (uri === undefined ? 1 : 4) : codes[fault]
  return new Failure(message, code, { cause: error })
}
