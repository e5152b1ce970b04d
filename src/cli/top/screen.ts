import { emitKeypressEvents } from 'node:readline'
import { painter } from '../paint.ts'
import type { Line } from './text.ts'

/** A terminal that is drawn on as a whole. What was on it comes back at the end. */
export interface Screen {
  readonly width: number
  readonly height: number
  draw(lines: readonly Line[]): void
  close(): void
}

/** What a terminal is told: another screen, without a cursor, where long lines do not go on below. */
const BEGIN = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const END = '\x1b[?7h\x1b[?25h\x1b[?1049l'
/** Terminals that know these show all that is between them at once. */
const [HOLD, SHOW] = ['\x1b[?2026h', '\x1b[?2026l']

/** Takes the terminal: `onKey` hears of keys by name, `onResize` of another size. */
export function openScreen(onKey: (key: string) => void, onResize: () => void): Screen {
  const { stdin, stdout } = process
  const paint = painter(stdout)
  const hear = (_: string, { name, ctrl }: { name?: string; ctrl: boolean }) =>
    onKey(ctrl ? `ctrl-${name}` : (name ?? ''))
  const leave = () => onKey('q')
  // At the end, even where a fault of ours is the end.
  const giveBack = () => {
    stdout.write(END)
    stdin.setRawMode(false)
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', hear).on('end', leave).resume()
  stdout.on('resize', onResize)
  process.on('SIGTERM', leave)
  process.on('exit', giveBack)
  stdout.write(BEGIN)
  return {
    get width() {
      return stdout.columns
    },
    get height() {
      return stdout.rows
    },
    draw(lines) {
      // Each line is written over the one before it: nothing is empty in between.
      const drawn = lines.map(({ text, style }) =>
        style === undefined ? text : paint(style, text),
      )
      stdout.write(`${HOLD}\x1b[H${drawn.map(line => `${line}\x1b[K`).join('\r\n')}\x1b[J${SHOW}`)
    },
    close() {
      giveBack()
      stdin.off('keypress', hear).off('end', leave).pause()
      stdout.off('resize', onResize)
      process.off('SIGTERM', leave)
      process.off('exit', giveBack)
    },
  }
}
