import type { Overview } from '../../src/admin/operations/router.ts'
import * as format from '../parts/format.ts'
import { latest, samples } from '../state/overview.ts'

/** Counts that tell of no fault. */
const HARMLESS = ['webhooks_sent', 'gaps_told', 'refused_paths', 'expired_polls', 'silent']

/** Counters that are not at zero: those that moved of late first, and of those what went wrong. */
export function CountersCard({ facts }: { facts: Overview }) {
  const late: Record<string, number> = {}
  for (const { counters } of samples.value.slice(-300)) {
    for (const [name, by] of Object.entries(counters)) late[name] = (late[name] ?? 0) + by
  }
  const weight = (name: string) =>
    (late[name] === undefined ? 0 : 2) + (HARMLESS.includes(name) ? 0 : 1)
  const moved = Object.entries(facts.counters)
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => weight(b) - weight(a) || n - m)
  return (
    <section class="card list" aria-labelledby="counters">
      <h2 id="counters">Refused or gone wrong</h2>
      {moved.length === 0 ? (
        <p class="empty">Nothing since the start.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" class="number">
                Last 5 min
              </th>
              <th scope="col" class="number">
                Since start
              </th>
            </tr>
          </thead>
          <tbody>
            {moved.map(([name, count]) => (
              <tr key={name}>
                <th scope="row">
                  <i class={`dot ${HARMLESS.includes(name) ? '' : 'bad'}`} aria-hidden="true" />
                  {name.replaceAll('_', ' ')}
                </th>
                <td class="number">
                  {late[name] === undefined ? '–' : `+${format.count(late[name])}`}
                </td>
                <td class="number">{format.count(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Messages by their types: those first of which most come and go now. */
export function TypesCard({ facts: { received, sent } }: { facts: Overview }) {
  const { receivedByType = {}, sentByType = {} } = latest.value ?? {}
  const rate = (name: string) => (receivedByType[name] ?? 0) + (sentByType[name] ?? 0)
  const total = (name: string) => (received[name] ?? 0) + (sent[name] ?? 0)
  const names = Object.keys({ ...received, ...sent })
    .filter(name => total(name) > 0)
    .sort((a, b) => Math.round(rate(b)) - Math.round(rate(a)) || total(b) - total(a))
  const rateOf = (value: number | undefined) => (value ? format.rate(value) : '–')
  const countOf = (value: number | undefined) => (value ? format.brief(value) : '–')
  return (
    <section class="card list" aria-labelledby="types">
      <h2 id="types">Messages by type</h2>
      {names.length === 0 ? (
        <p class="empty">None since the start.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Type</th>
              {['In', 'Out', 'In all', 'Out all'].map(label => (
                <th scope="col" class="number" key={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map(name => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td class="number">{rateOf(receivedByType[name])}</td>
                <td class="number">{rateOf(sentByType[name])}</td>
                <td class="number">{countOf(received[name])}</td>
                <td class="number">{countOf(sent[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
