import { computed, signal } from '@preact/signals'
import type { RealmRow } from '../../src/admin/operations/realms.ts'
import { type Live, useLive } from './live.ts'
import { route } from './route.ts'

const KEPT = 'wampd.realm'

/** The realm that was looked at last; it is the first choice elsewhere. */
export const lastRealm = signal(sessionStorage.getItem(KEPT) ?? '')

export function keepRealm(name: string): void {
  lastRealm.value = name
  sessionStorage.setItem(KEPT, name)
}

export const useRealms = (): Live<{ rows: readonly RealmRow[] }> => useLive('/realms', 3000)

const asked = computed(() => route.value.query.realm)

/** The realm that a view is about: that of the address, or the last one, or the one with the most sessions. */
export function useRealm() {
  const { data } = useRealms()
  const rows = data?.rows
  const fullest = rows?.toSorted((a, b) => b.sessions - a.sessions)[0]?.name
  const kept = rows?.some(({ name }) => name === lastRealm.value) ? lastRealm.value : fullest
  const realm = asked.value ?? kept ?? ''
  return { realm, realms: rows, isLoaded: rows !== undefined }
}
