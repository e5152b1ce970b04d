/**
 * What changed between two builds, row by row.
 *
 * The rule: the repetitions of both are taken in pairs, each of two runs one right after the other, so that
 * whatever else the machine does hits both. The change is the median of their ratios. It is beyond noise where
 * every pair points the same way and the median is at least MIN_CHANGE away from 1: with seven pairs, chance alone
 * does that in one of 64 rows.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digits } from './digits.mjs'

const MIN_CHANGE = 0.03
const MIN_PAIRS = 5

const root = resolve(import.meta.dirname, '../..')

/** Builds another commit in a worktree of its own below .cache/; gives the folder of the build. */
export function buildOf(ref) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const commit = git('rev-parse', '--verify', '--short', `${ref}^{commit}`)
  const folder = join(root, '.cache', `before-${commit}`)
  const dist = join(folder, 'dist')
  if (existsSync(join(dist, 'index.js'))) return { commit, dist }
  console.error(`building ${commit} …`)
  if (!existsSync(folder)) git('worktree', 'add', '--quiet', '--detach', folder, commit)
  const lock = where => readFileSync(join(where, 'package-lock.json'), 'utf8')
  const npm = (...args) => execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] })
  const modules = join(folder, 'node_modules')
  if (lock(folder) !== lock(root)) npm('install', '--silent', '--no-audit', '--no-fund')
  else if (!existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules)
  npm('run', '--silent', 'build')
  return { commit, dist }
}

/**
 * The change of each row. Rows are as in the JSON of a benchmark: `scenario`, `serializer`, `cost` (the figure
 * that counts), `runs` by router. `pairs` names the routers to compare, [before, after].
 */
export function changes(before, after, pairs) {
  return before.flatMap(row => {
    const other = after.find(
      ({ scenario, serializer }) => scenario === row.scenario && serializer === row.serializer,
    )
    return pairs.flatMap(([old, now]) => {
      const costs = paired(row.runs[old] ?? [], other?.runs[now] ?? [], row.cost)
      if (costs.length === 0) return []
      const { scenario, serializer } = row
      return [{ scenario, serializer, router: now, ...change(costs) }]
    })
  })
}

/** Costs of the same repetition, [before, after]: one of the two may have failed. */
function paired(before, after, cost) {
  return before.flatMap(run => {
    const partner = after.find(({ rep }) => rep === run.rep)
    return partner === undefined ? [] : [[run[cost], partner[cost]]]
  })
}

/** What pairs of costs tell, [before, after] each. */
export function change(pairs) {
  const ratios = pairs.map(([before, after]) => after / before)
  const ratio = median(ratios)
  const agree = ratios.every(one => one > 1) || ratios.every(one => one < 1)
  const isEnough = ratios.length >= MIN_PAIRS
  const isReal = isEnough && agree && Math.abs(ratio - 1) >= MIN_CHANGE
  const verdict = !isEnough ? 'too few runs' : !isReal ? 'noise' : ratio < 1 ? 'better' : 'worse'
  const [before, after] = [0, 1].map(i => median(pairs.map(pair => pair[i])))
  return { before, after, ratio, pairs: pairs.length, verdict }
}

export function changeTable(rows) {
  const lines = rows.map(({ scenario, serializer, router, before, after, ratio, verdict }) => {
    const percent = `${ratio < 1 ? '−' : '+'}${Math.abs((ratio - 1) * 100).toFixed(1)} %`
    const cells = [digits(before), digits(after), percent, verdict]
    return `| ${scenario}, ${serializer}, ${router} | ${cells.join(' | ')} |`
  })
  return ['| | before | after | change | |', '|---|---|---|---|---|', ...lines].join('\n')
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
