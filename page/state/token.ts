import { signal } from '@preact/signals'

const KEPT = 'wampd.token'

/** Why the page asks for a token: there was none yet, it is not taken (any more), or somebody left. */
type Reason = 'none' | 'refused' | 'left'

/** What lets into `/api`; null while nobody is in. It is kept until the tab is closed, and nowhere else. */
export const token = signal<string | null>(sessionStorage.getItem(KEPT))
export const whyOut = signal<Reason>('none')

export function enter(given: string): void {
  sessionStorage.setItem(KEPT, given)
  token.value = given
}

export function leave(reason: Reason): void {
  sessionStorage.removeItem(KEPT)
  whyOut.value = reason
  token.value = null
}

/**
 * Takes the token of a link out of the address, where nobody is to read it. Places of the page begin
 * with a slash, tokens have 16 characters or more.
 */
export function takeFromAddress(): void {
  const behind = location.hash.slice(1)
  if (behind.length < 16 || behind.startsWith('/')) return
  history.replaceState(null, '', `${location.pathname}#/overview`)
  enter(behind)
}
