import { type Path, pathText } from '../config/problem.ts'

/** What became of a key of the source. */
export type Fate = 'converted' | 'changed' | 'dropped'

/** One line of the report: a key of the source, and what became of it. No value of a secret is in it. */
export interface Row {
  readonly fate: Fate
  readonly file: string
  /** Counts from 1. */
  readonly line: number
  /** Where it stands in the source, such as `workers[0].realms[0].name`. */
  readonly path: string
  /** The key of wampd that it became; undefined where there is none. */
  readonly to?: string
  /** What is different now, or why it was dropped. */
  readonly text?: string
  /** What to do about it. */
  readonly remedy?: string
}

/** Where something stands in the source. */
export interface Origin {
  readonly line: number
  readonly path: Path
}

/** Collects what becomes of the keys of one file. */
export class Report {
  readonly rows: Row[] = []
  readonly #file: string
  readonly #seen = new Set<string>()

  constructor(file: string) {
    this.#file = file
  }

  converted(from: Origin, to: string): void {
    this.#add('converted', from, { to })
  }

  /** `to`: the key that it became, if any. */
  changed(from: Origin, text: string, to?: string): void {
    this.#add('changed', from, to === undefined ? { text } : { to, text })
  }

  dropped(from: Origin, text: string, remedy?: string): void {
    this.#add('dropped', from, remedy === undefined ? { text } : { text, remedy })
  }

  /** The rows in the order of the source. */
  sorted(): Row[] {
    return this.rows.toSorted((a, b) => a.line - b.line)
  }

  #add(fate: Fate, { line, path }: Origin, rest: Pick<Row, 'to' | 'text' | 'remedy'>): void {
    const row = { fate, file: this.#file, line, path: pathText(path), ...rest }
    // Who looks at a key twice says the same of it twice.
    const key = JSON.stringify(row)
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.rows.push(row)
  }
}
