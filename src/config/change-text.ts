import type { Change } from './diff.ts'

const WHEN: Readonly<Record<Change['reload'], string>> = {
  live: '',
  new: ' (for new connections)',
  restart: ' (needs a restart)',
}

/** One change on one line: `log.level: info -> debug`. */
export function changeText({ path, before, after, reload }: Change): string {
  return `${path}: ${before ?? 'nothing'} -> ${after ?? 'nothing'}${WHEN[reload]}`
}

/** All changes in a few words. */
export function changesText(changes: readonly Change[]): string {
  const waiting = changes.filter(({ reload }) => reload === 'restart').length
  const verb = waiting === 1 ? 'needs' : 'need'
  const rest = waiting === 0 ? '' : `, of which ${waiting} ${verb} a restart`
  if (changes.length === 0) return 'reloaded: nothing has changed'
  return `reloaded: ${changes.length} ${changes.length === 1 ? 'change' : 'changes'}${rest}`
}
