import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Rows } from '../parts/table.tsx'
import { ask, isOpen, pathTo, Refusal } from './api.ts'
import { repeat } from './live.ts'

/** Rows that are asked for at a time. */
const SIZE = 100
/** How often those that are shown are asked for again. Milliseconds. */
const EVERY = 3000
/** How long somebody must stay at rows until they are asked for. Milliseconds. */
const SETTLED = 80

type Query = Readonly<Record<string, string | undefined>>

interface PagedRows<Row> extends Rows<Row> {
  /** Why there are none, as the router says. */
  readonly fault: Refusal | undefined
  refresh(): void
}

/** The rows at a path, in pages as they are come to; none where a part of the path is empty. */
export function usePages<Row>(parts: readonly string[], query: Query): PagedRows<Row> {
  const [, redraw] = useState(0)
  const key = parts.includes('') ? '' : pathTo(parts, query)
  const pages = useMemo(
    () =>
      new Pages<Row>(
        page => pathTo(parts, { ...query, ...page }),
        () => redraw(Math.random()),
        key !== '',
      ),
    [key],
  )
  const open = isOpen.value
  useEffect(() => {
    if (key === '' || !open) return
    const left = new AbortController()
    void repeat(EVERY, left.signal, () => pages.load(left.signal))
    return () => left.abort()
  }, [pages, key, open])
  return pages
}

/** The pages of one list that were come to. */
class Pages<Row> implements PagedRows<Row> {
  total: number | undefined
  fault: Refusal | undefined
  #pages = new Map<number, readonly Row[]>()
  #first = 0
  #last = SIZE
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #pathOf: (page: { offset: number; limit: number }) => string
  readonly #changed: () => void
  readonly #isThere: boolean

  constructor(
    pathOf: (page: { offset: number; limit: number }) => string,
    changed: () => void,
    isThere: boolean,
  ) {
    this.#pathOf = pathOf
    this.#changed = changed
    this.#isThere = isThere
  }

  readonly at = (index: number): Row | undefined =>
    this.#pages.get(Math.floor(index / SIZE))?.[index % SIZE]

  readonly want = (first: number, last: number): void => {
    this.#first = first
    this.#last = Math.max(first + 1, last)
    clearTimeout(this.#timer)
    if (this.#shown().every(page => this.#pages.has(page))) return
    this.#timer = setTimeout(() => void this.load(undefined, true), SETTLED)
  }

  readonly refresh = (): void => void this.load()

  /** Loads what is shown: all of it, and forgets the rest, or only what is missing. */
  async load(signal?: AbortSignal, isMissing = false): Promise<void> {
    if (!this.#isThere || !isOpen.peek()) return
    const shown = this.#shown().filter(page => !isMissing || !this.#pages.has(page))
    try {
      const options = signal === undefined ? {} : { signal }
      const answers = await Promise.all(
        shown.map(page =>
          ask<{ total: number; rows: Row[] }>(
            this.#pathOf({ offset: page * SIZE, limit: SIZE }),
            options,
          ),
        ),
      )
      if (!isMissing) this.#pages.clear()
      for (const [i, page] of shown.entries()) this.#pages.set(page, answers[i]?.rows ?? [])
      this.total = answers.at(-1)?.total ?? this.total
      this.fault = undefined
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 401) return
      this.fault = error
      this.total = 0
    }
    this.#changed()
  }

  #shown(): number[] {
    const first = Math.floor(this.#first / SIZE)
    const end = Math.min(this.#last, Math.max(1, this.total ?? 1))
    const last = Math.floor((Math.max(end, this.#first + 1) - 1) / SIZE)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  }
}
