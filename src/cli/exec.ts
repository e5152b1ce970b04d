import { type ChildProcess, spawn } from 'node:child_process'
import { PAYLOAD_SIZE_EXCEEDED, WampError } from '../protocol/errors.ts'

/** What a command may do. */
interface CommandOptions {
  /** The URI of the error where the command fails. */
  readonly error: string
  /** Bytes of standard output. */
  readonly maxOutput: number
  /** Ends the command. */
  readonly signal: AbortSignal
}

/** Of what a command says on standard error so much reaches the caller: characters. */
const MAX_ERROR = 2000
/** How long a command may take to end, once it has been asked to: ms. */
const END_TIME = 2000

/**
 * Runs a command of the shell with a text on standard input; gives what it prints. Rejects with a WampError that
 * holds the end of its standard error where it fails.
 */
export function runCommand(
  command: string,
  input: string,
  options: CommandOptions,
): Promise<string> {
  const { error: uri, maxOutput, signal } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, detached: true, env: environment() })
    let output = ''
    let complaint = ''
    let fault: WampError | undefined
    const end = (why: WampError) => {
      fault ??= why
      stop(child)
    }
    const abort = () => end(new WampError('wamp.error.canceled'))
    signal.addEventListener('abort', abort)
    child.stdin.on('error', () => {}).end(input)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > maxOutput) {
        end(
          new WampError(PAYLOAD_SIZE_EXCEEDED, [
            `the command printed more than ${maxOutput} bytes`,
          ]),
        )
      }
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_ERROR)
    })
    child.on('error', error =>
      end(new WampError(uri, [`the command cannot be run: ${error.message}`])),
    )
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', abort)
      const text = complaint.trim() || `the command ended with ${by ?? code}`
      if (fault !== undefined) reject(fault)
      else if (code === 0) resolve(output)
      else reject(new WampError(uri, [text]))
    })
  })
}

/** Ends a command with all that it has started. */
function stop({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  kill(pid, 'SIGTERM')
  setTimeout(() => kill(pid, 'SIGKILL'), END_TIME).unref()
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // It has gone by itself.
  }
}

/** That of this process, without the secrets by which it has joined. */
function environment(): NodeJS.ProcessEnv {
  const { WAMPD_TICKET, WAMPD_SECRET, ...others } = process.env
  return others
}
