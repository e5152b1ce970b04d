import { printable } from '../config/problem.ts'
import type { Finding, State } from './run.ts'

const WORDS: Readonly<Record<State, string>> = {
  works: 'works',
  partly: 'PARTLY',
  fails: 'FAILS',
  absent: 'absent',
  unproven: 'unproven',
}

/** One line of the table for people, and one for each check that tells of something else than success. */
export function rowOf(finding: Finding): string {
  const { role, feature, announced, state, outcomes } = finding
  const held = outcomes.filter(({ result }) => result === 'holds').length
  const said = announced === null ? '' : announced ? 'announced' : 'not announced'
  const cells = [role.padEnd(11), feature.padEnd(32), said.padEnd(14), WORDS[state].padEnd(9)]
  const lines = [`${cells.join('')}${held} of ${outcomes.length}`]
  // Of what is not there, one line says enough.
  if (state !== 'absent') {
    for (const { result, check, why } of outcomes) {
      if (result === 'deviates') lines.push(`  ✗ ${check}: ${printable(why, 300)}`)
      else if (result === 'unproven' && why !== check)
        lines.push(`  – ${check}: ${printable(why, 300)}`)
      else if (result === 'unproven') lines.push(`  – ${why}`)
    }
  }
  return lines.join('\n')
}

/** What all findings come to. */
export function summaryOf(all: readonly Finding[]): string {
  const count = (state: State) => all.filter(finding => finding.state === state).length
  const states = (Object.keys(WORDS) as State[]).map(state => `${count(state)} ${WORDS[state]}`)
  return `${all.length} features: ${states.join(', ')}`
}

/** A router does something else than what it announces, or than all routers do. */
export function isFaulty({ state }: Finding): boolean {
  return state === 'partly' || state === 'fails'
}
