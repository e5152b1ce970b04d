import { signal } from '@preact/signals'

/** Where in the page somebody is: `#/sessions?realm=realm1&id=7`. */
export interface Route {
  readonly view: string
  readonly query: Readonly<Record<string, string>>
}

export const route = signal<Route>(read())

function read(): Route {
  const [path = '', search = ''] = location.hash.slice(1).split('?', 2)
  const view = path.startsWith('/') ? path.slice(1) : ''
  return { view: view || 'overview', query: Object.fromEntries(new URLSearchParams(search)) }
}

/** The address of a place. Parts that are undefined or empty are left out. */
export function placeOf(view: string, query: Record<string, string | number | undefined> = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
  return `#/${view}${given.length === 0 ? '' : `?${search}`}`
}

export function go(place: string): void {
  location.hash = place
}

/** Changes a part of the query of where somebody is, without a step to go back to. */
export function refine(changes: Record<string, string | number | undefined>): void {
  const { view, query } = route.value
  history.replaceState(null, '', placeOf(view, { ...query, ...changes }))
  route.value = read()
}

export function followAddress(): void {
  route.value = read()
}
