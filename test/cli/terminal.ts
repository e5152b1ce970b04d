import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { CLI, type Run, until, type Wampd } from './wampd.ts'

/** Tests run in the root of the repository. */
const SCRIPT = resolve('test/cli/terminal.py')

/** wampd on a terminal of its own. */
export interface Terminal extends Run {
  press(keys: string): void
  resize(rows: number, columns: number): void
  signal(number: number): void
  /** The lines that were drawn last, without their colours. */
  screen(): string[]
  /** Waits until the screen, or what was printed, has a text. */
  shows(text: string | RegExp): Promise<void>
}

const missing = process.env.CI ? undefined : whyNoPython()
if (missing) console.log(`no tests on a terminal: ${missing}`)

/** A suite that needs a terminal, which Python makes. A run in CI must not pass without it. */
export const describeOnTerminal = missing ? describe.skip : describe

export function onTerminal(
  wampd: Wampd,
  [rows, columns]: readonly [number, number],
  ...args: string[]
): Terminal {
  const command = [process.execPath, CLI, ...args]
  const env = { TERM: 'xterm-256color' }
  const run = wampd.spawn('python3', [SCRIPT, `${rows}`, `${columns}`, ...command], env)
  const tell = (what: object) => run.process.stdin?.write(`${JSON.stringify(what)}\n`)
  const screen = () => {
    // Of the last one that is there whole; what is not drawn as a screen is all of it.
    const end = run.out.lastIndexOf('\x1b[?2026l')
    const frame = end < 0 ? run.out : run.out.slice(run.out.lastIndexOf('\x1b[H', end), end)
    return stripVTControlCharacters(frame).split(/\r*\n/)
  }
  return Object.assign(run, {
    press: (keys: string) => tell({ keys }),
    signal: (signal: number) => tell({ signal }),
    resize: (...size: [number, number]) => tell({ size }),
    screen,
    shows: (text: string | RegExp) => until(run, () => screen().some(line => line.match(text))),
  })
}

function whyNoPython(): string | undefined {
  const { error, status, stderr } = spawnSync('python3', ['-c', 'import pty, fcntl, termios'])
  return error?.message ?? (status === 0 ? undefined : String(stderr).trim().split('\n').at(-1))
}
