import { execFileSync } from 'node:child_process'
import { cpus, loadavg, platform, release } from 'node:os'
import { digits } from './digits.mjs'
import { pinned } from './processes.mjs'
import { speaks, version } from './routers.mjs'

/** What the figures depend on. */
export function machine(routers, generator) {
  const versions = [...new Set(routers.map(version))].filter(text => text !== undefined)
  const places = pinned ? 'router on core 0, generator on core 1' : 'not pinned to cores'
  return [
    `${cpus().length} cores, ${cpuModel()}, ${platform()} ${release()}, Node ${process.version}`,
    [...versions, generator].join(', '),
    `${new Date().toISOString().slice(0, 16)}Z, ${load()}, ${places}`,
  ].join(' · ')
}

export function load() {
  return `load average ${loadavg()[0].toFixed(2)}`
}

function cpuModel() {
  const model = cpus()[0]?.model ?? ''
  if (model !== '' && model !== 'unknown') return model
  try {
    return execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()
  } catch {
    return 'CPU of unknown model'
  }
}

/** Rows are scenarios, columns routers. `base` is the router the others are compared with. */
export function table(rows, routers, base) {
  const head = `| | ${routers.join(' | ')} |`
  const lines = rows.map(({ scenario, serializer, runs }) => {
    const compared = median(runs.get(base) ?? [], scenario.cost)?.[scenario.cost]
    const cells = routers.map(name => {
      if (!speaks(name, serializer)) return '–'
      return cell(scenario, runs.get(name), name !== base && compared)
    })
    return `| ${scenario.title}, ${serializer} | ${cells.join(' | ')} |`
  })
  return [head, `|---|${routers.map(() => '---').join('|')}|`, ...lines].join('\n')
}

function cell(scenario, runs, compared) {
  const run = median(runs, scenario.cost)
  if (run === undefined) return 'failed'
  const cost = run[scenario.cost]
  // No CPU time: a router that is not ours where there is no /proc.
  const figure = Number.isFinite(cost) ? `${digits(cost)} ${scenario.unit}` : '–'
  const unsure = spread(runs, scenario.cost) > 1.25 ? '~' : ''
  const ratio = compared ? ` · ×${(cost / compared).toFixed(2)}` : ''
  return `${unsure}${figure} · ${scenario.more(run)}${ratio}`
}

/** The run in the middle, so that all its figures belong together. */
function median(runs, key) {
  return [...runs].sort((a, b) => a[key] - b[key])[(runs.length - 1) >> 1]
}

function spread(runs, key) {
  const costs = runs.map(run => run[key])
  return Math.max(...costs) / Math.min(...costs)
}
