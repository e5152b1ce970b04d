import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type Draft, literal } from './draft.ts'
import type { Given } from './given.ts'
import type { Report } from './report.ts'

/** What the parts of a migration share. */
export interface Context {
  readonly draft: Draft
  readonly report: Report
  /** `${NAME}` is a variable in secrets of the old router. */
  readonly hasVariables: boolean
  /** A path of the source as the new file has to have it: each is relative to its own file. */
  moved(path: string): string
}

interface Ends {
  readonly file: string
  readonly out: string
  readonly hasVariables: boolean
}

export function contextOf(draft: Draft, { file, out, hasVariables }: Ends): Context {
  const [from, to] = [dirname(resolve(file)), dirname(resolve(out))]
  return {
    draft,
    report: draft.report,
    hasVariables,
    moved: path =>
      literal(isAbsolute(path) || from === to ? path : relative(to, resolve(from, path))),
  }
}

/** Notes that a key, if it is there, has no counterpart because none is needed. */
export function notNeeded({ report }: Context, holder: Given, key: string, text: string): void {
  const found = holder.get(key)
  if (found === undefined) return
  found.settle()
  report.changed(found, text)
}

const OFF: readonly unknown[] = [false, '', 0]

/** Drops a key if it is there and not switched off. */
export function dropKey(holder: Given, key: string, text: string, remedy?: string): void {
  const found = holder.get(key)
  if (found === undefined) return
  if (found.isEmpty || OFF.includes(found.single)) found.leave()
  else found.drop(text, remedy)
}
