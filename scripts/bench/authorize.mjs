/**
 * What the check of a URI costs with few rules and with many: nanoseconds for each, the median of
 * several rounds.
 *
 *   npm run pretest && node scripts/bench/authorize.mjs
 *
 * `known` are URIs that the role was asked about before, which is the usual case; `new` are URIs that
 * come for the first time, so that the index of the rules is asked.
 */
import { AskedRole } from '../../build/src/realm/asked-role.js'
import { MAY_CALL, Role, Rules } from '../../build/src/realm/authorize.js'

const COUNTS = [5, 50, 500, 5000]
const ROUNDS = 9
const URIS = 5000
const allow = { call: true, register: false, publish: true, subscribe: true }
const authorizer = { clock: { now: () => 0 }, ttl: 60_000, maxDecisions: URIS }

// The first runs warm the code up.
for (let i = 0; i < 3; i++) figures(5)
console.log(`Node ${process.version}\n`)
console.log('| rules | known URI | new URI | known, role with an authorizer |')
console.log('|---|---|---|---|')
for (const count of COUNTS) {
  const cells = figures(count).map(ns => `${ns} ns`)
  console.log(`| ${count} | ${cells.join(' | ')} |`)
}

function figures(count) {
  const permissions = Array.from({ length: count }, (_, i) => rule(i))
  const rules = authorizer => new Rules(permissions, 'loose', { authorizer })
  const warm = new Role('user', rules())
  const asked = new AskedRole(new Role('user', rules(authorizer)))
  for (const uri of uris('unmet'))
    asked.decide(MAY_CALL, uri, 'exact', { allow: true, cache: true })
  return [
    measure(uris('met', count), () => uri => warm.verdict(uri)),
    measure(uris('met', count), () => {
      const cold = new Role('user', rules())
      return uri => cold.verdict(uri)
    }),
    measure(
      uris('unmet'),
      () => uri => (asked.isSettled(MAY_CALL, uri, 'exact') ? asked.verdict(uri) : 0),
    ),
  ]
}

/** A third of the rules of each kind, as deep as real ones. */
function rule(i) {
  const uri = `com.example.app${i}.store`
  if (i % 3 === 0) return { uri: `${uri}.get`, match: 'exact', allow }
  if (i % 3 === 1) return { uri: `${uri}.`, match: 'prefix', allow }
  return { uri: `com.example.app${i}..get`, match: 'wildcard', allow }
}

function uris(kind, count = 1) {
  return Array.from({ length: URIS }, (_, i) =>
    kind === 'met' ? `com.example.app${i % count}.store.get${i}` : `org.example.x${i}.get`,
  )
}

/** Nanoseconds for one URI. `prepare` is not counted. */
function measure(list, prepare) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const check = prepare()
    let sum = 0
    const start = process.hrtime.bigint()
    for (const uri of list) sum += check(uri)
    const time = Number(process.hrtime.bigint() - start) / list.length
    return sum < 0 ? Number.NaN : time
  })
  return Math.round(rounds.sort((a, b) => a - b)[ROUNDS >> 1])
}
