import { batch, signal } from '@preact/signals'
import type { Line, MessageLine } from '../../src/trace/line.ts'
import { pathTo, Refusal, send } from './api.ts'

/** Lines that are kept; the oldest go first. */
export const MOST = 2000
/** How often new lines are shown. Milliseconds. */
const EVERY = 150

/** A message with a number of its own. */
export type Traced = MessageLine & { readonly n: number }

/** The lines of the trace that runs, or ran last; it goes on while other views are shown. */
export const lines = signal<readonly Traced[]>([])
/** All that came, those as well that are kept no more. */
export const seen = signal(0)
export const dropped = signal(0)
export const isTracing = signal(false)
/** Why it ended, where nobody asked for it. */
export const whyEnded = signal('')

let running = new AbortController()
let waiting: MessageLine[] = []

const ENDS: Readonly<Record<string, string>> = {
  limit: 'it has given as many lines as were asked for',
  duration: 'its time is over',
  disabled: 'the configuration of the router no longer allows it',
  failed: 'the router failed; its log says why',
}

/** Begins anew, with these parameters of `GET /api/trace`. */
export async function startTrace(query: Readonly<Record<string, string>>): Promise<void> {
  stopTrace()
  clearTrace()
  running = new AbortController()
  const { signal } = running
  batch(() => {
    whyEnded.value = ''
    isTracing.value = true
  })
  const timer = setInterval(flush, EVERY)
  let why = ''
  try {
    const response = await send(pathTo(['trace'], query), { signal })
    why = await readLines(response, signal)
  } catch (error) {
    if (signal.aborted) why = ''
    else if (error instanceof Refusal) why = error.message
    else why = 'the router went away'
  }
  clearInterval(timer)
  // Another may have begun in the meantime.
  if (running.signal !== signal) return
  flush()
  batch(() => {
    whyEnded.value = why
    isTracing.value = false
  })
}

export function stopTrace(): void {
  running.abort()
}

export function clearTrace(): void {
  waiting = []
  batch(() => {
    lines.value = []
    seen.value = 0
    dropped.value = 0
  })
}

/** Takes lines of JSON until they end; says why they did. */
async function readLines(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const part = await reader?.read()
    if (part === undefined || part.done) return 'the router went away'
    const texts = (rest + part.value).split('\n')
    rest = texts.pop() ?? ''
    for (const text of texts) {
      if (signal.aborted) return ''
      const line: Line = JSON.parse(text)
      if (line.kind === 'message') take(line)
      else if (line.kind === 'dropped') dropped.value += line.lines
      else if (line.kind === 'ended') return ENDS[line.why] ?? line.why
    }
  }
}

function take(line: MessageLine): void {
  waiting.push(line)
  if (waiting.length >= MOST) flush()
}

function flush(): void {
  if (waiting.length === 0) return
  const first = seen.value
  const numbered = waiting.map((line, i) => ({ ...line, n: first + i }))
  waiting = []
  batch(() => {
    seen.value = first + numbered.length
    lines.value = [...lines.value, ...numbered].slice(-MOST)
  })
}

/** They belong to one request. */
export function isKin(line: Traced, other: Traced | null): boolean {
  if (other === null) return false
  return line.n === other.n || (line.exchange !== undefined && line.exchange === other.exchange)
}
