/**
 * Compares routers: how much CPU time each spends per call or event.
 *
 *   npm run bench -- [--scenarios rpc,fanout-100 | all] [--routers bare,wampd,wampd-ws,nexus,…]
 *     [--serializers json,msgpack] [--seconds 2] [--reps 3] [--base nexus] [--json FILE] [--client]
 *
 *   npm run bench -- --before REF      this build against that of another commit, in one run
 *   npm run bench -- --compare A.json B.json      two earlier runs
 *
 * `bare` is a relay on uWebSockets.js that does the least. `wampd@FOLDER` and `wampd-ws@FOLDER` are another
 * build. Environment: NEXUSD, NXT, CROSSBAR, FOX and PROTO say where other routers are (routers.mjs), DIST
 * names a build other than dist/, WAMPLOAD a built wampload. --client takes the built-in load generator even
 * where wampload is at hand.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildOf, changes, changeTable } from './compare.mjs'
import { findWampload, runClient, runWampload } from './generator.mjs'
import { stop } from './processes.mjs'
import { missing, speaks, startRouter, usualRouters } from './routers.mjs'
import { scenarios, shortSet } from './scenarios.mjs'
import { load, machine, table } from './table.mjs'

const options = readOptions()
if (options.compare) {
  compareFiles()
  process.exit()
}
const wampload = options.client ? undefined : findWampload()
const rows = plan()
const heading = machine(options.routers, wampload ? 'wampload' : 'built-in client')
console.error(heading)

// Repetitions outermost and routers innermost: a disturbance hits all routers alike. Every other time they
// take turns the other way round.
for (let rep = 1; rep <= options.reps; rep++) {
  for (const row of rows) {
    console.error(`${rep}/${options.reps} ${row.scenario.title}, ${row.serializer}`)
    const able = options.routers.filter(name => speaks(name, row.serializer))
    for (const name of rep % 2 === 1 ? able : able.reverse()) await measure(name, row, rep)
  }
  // Each time, so that a run that is ended early has something.
  if (options.json) writeFileSync(options.json, JSON.stringify(figures(), null, 2))
}
report()
// Ends whatever is left, too.
process.exit(rows.some(row => row.failures.length > 0) ? 1 : 0)

/** One run on a router started for it alone, so that no run inherits the state of another. */
async function measure(name, { scenario, serializer, runs, failures }, rep) {
  let router
  try {
    router = await startRouter(name)
    const run =
      wampload && !scenario.builtIn
        ? await runWampload(wampload, router, scenario, serializer, options.seconds)
        : await runClient(router, scenario, serializer, options.seconds)
    runs.get(name).push({ rep, ...run })
  } catch (error) {
    failures.push(`${name}, ${scenario.title}, ${serializer}: ${error.message}`)
    console.error(failures.at(-1))
  } finally {
    if (router) await stop(router.child)
  }
}

function report() {
  console.log(`${heading}; at the end ${load()}\n`)
  if (!wampload) {
    console.log(
      'Measured by the built-in client: its own speed limits the rates, so look at the CPU time per message.\n',
    )
  }
  if (options.pairs) console.log(changeTable(changed()))
  else console.log(table(rows, options.routers, options.base))
  const notes = ['router CPU time (user and system, workers included)']
  if (options.pairs) notes.push('the rule stands in scripts/bench/compare.mjs')
  else notes.push('rate', '~ the runs differ by more than a quarter')
  if (options.routers.includes(options.base)) notes.push(`× cost compared with ${options.base}`)
  notes.push(`${options.reps} × ${options.seconds} s, median`)
  console.log(`\n${notes.join('; ')}.`)
  console.log('Other work on the machine lowers the rates and can raise the CPU time too.')
  for (const failure of rows.flatMap(row => row.failures)) console.log(`\nFailed: ${failure}`)
}

function changed() {
  return changes(flat(), flat(), options.pairs)
}

function compareFiles() {
  const [before, after] = options.files.map(file => JSON.parse(readFileSync(file, 'utf8')))
  console.log(`before: ${before.heading}\nafter: ${after.heading}\n`)
  const names = [...new Set(before.rows.flatMap(({ runs }) => Object.keys(runs)))]
  const pairs = names.map(name => [name, name])
  console.log(changeTable(changes(before.rows, after.rows, pairs)))
  console.log('\nThese runs were not side by side: what else the machine did is among the changes.')
}

function figures() {
  const { seconds, pairs } = options
  return { heading, seconds, rows: flat(), ...(pairs && { changes: changed() }) }
}

function flat() {
  return rows.map(({ scenario: { title, cost }, serializer, runs, failures }) => ({
    scenario: title,
    serializer,
    cost,
    runs: Object.fromEntries(runs),
    failures,
  }))
}

function plan() {
  const chosen = options.scenarios.map(name => scenarios[name])
  const possible = chosen.filter(({ load }) => wampload || /^(rpc|fanout|pairs) /.test(load))
  if (possible.length < chosen.length) {
    console.error('patterns and idle sessions need wampload; they are left out')
  }
  return possible.flatMap(scenario =>
    options.serializers.map(serializer => ({
      scenario,
      serializer,
      runs: new Map(options.routers.map(name => [name, []])),
      failures: [],
    })),
  )
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenarios: { type: 'string', default: shortSet.join(',') },
      serializers: { type: 'string', default: 'json,msgpack' },
      routers: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      reps: { type: 'string' },
      base: { type: 'string', default: 'nexus' },
      json: { type: 'string' },
      client: { type: 'boolean', default: false },
      before: { type: 'string' },
      compare: { type: 'boolean', default: false },
    },
  })
  if (values.compare !== (positionals.length === 2) || positionals.length > 2) {
    usage('--compare takes two files: that of before and that of after')
  }
  const known = Object.keys(scenarios)
  const list = values.scenarios === 'all' ? known : values.scenarios.split(',')
  const serializers = values.serializers.split(',')
  const usual = values.before === undefined ? usualRouters() : ['wampd']
  const named = values.routers?.split(',') ?? usual
  for (const name of list) {
    if (!known.includes(name)) usage(`no scenario ${name}; there are ${known.join(', ')}`)
  }
  for (const name of serializers) {
    if (!['json', 'msgpack'].includes(name)) usage(`no serializer ${name}`)
  }
  const pairs = values.before === undefined ? undefined : pairsOf(named, values.before)
  const routers = pairs?.flat() ?? named
  for (const name of routers) {
    const why = missing(name)
    if (why) usage(`router ${name}: ${why}`)
  }
  const [seconds, reps] = [Number(values.seconds), Number(values.reps ?? (pairs ? 7 : 3))]
  if (!(seconds > 0) || !(reps >= 1)) usage('--seconds and --reps must be numbers above 0')
  return {
    ...values,
    scenarios: list,
    serializers,
    routers,
    pairs,
    files: positionals,
    seconds,
    reps,
  }
}

/** Each router by the build of another commit, and by this one. */
function pairsOf(names, ref) {
  if (!names.every(name => /^wampd(-ws)?$/.test(name)))
    usage('--before compares wampd and wampd-ws')
  const { dist } = buildOf(ref)
  return names.map(name => [`${name}@${dist}`, name])
}

function usage(why) {
  console.error(why)
  process.exit(2)
}
