import { spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cpuSeconds, start, stop } from './processes.mjs'

const root = resolve(import.meta.dirname, '../..')

/** Finds the generator wampload or builds it; undefined where there is none. */
export function findWampload() {
  if (process.env.WAMPLOAD) return resolve(process.env.WAMPLOAD)
  const source = resolve(root, '../shared/load')
  // It is made for Linux: it uses epoll and /proc.
  if (process.platform !== 'linux' || !existsSync(join(source, 'Cargo.toml'))) return undefined
  if (spawnSync('cargo', ['--version']).status !== 0) return undefined
  // Cargo writes a lock file beside the sources, and those are not ours: it gets a copy.
  const copy = join(root, '.cache/wampload/source')
  for (const part of ['Cargo.toml', 'src']) {
    cpSync(join(source, part), join(copy, part), { recursive: true, preserveTimestamps: true })
  }
  const target = join(root, '.cache/wampload')
  const built = join(target, 'release/wampload')
  if (!existsSync(built)) console.error('building wampload …')
  const build = ['build', '--release', '--quiet', '--target-dir', target]
  const limits = { cwd: copy, encoding: 'utf8', timeout: 300_000 }
  const { status, stderr } = spawnSync('cargo', build, limits)
  if (status === 0) return built
  console.error(`wampload could not be built:\n${stderr}`)
  return undefined
}

/** Measures by wampload, which reads the router's CPU time itself. Resolves with its figures. */
export async function runWampload(wampload, router, scenario, serializer, seconds) {
  const child = start(1, [
    ...[wampload, ...scenario.load.split(' '), '--json', '--router-pid', String(router.child.pid)],
    ...options(router, serializer, seconds),
  ])
  await endWithin(child, seconds + 100)
  // Figures, or {"ok":false,"error":…}; a line for people stands beside it.
  const line = child.output.split('\n').find(text => text.startsWith('{'))
  if (line === undefined) throw new Error(child.output.slice(-300) || 'no end in time')
  const run = JSON.parse(line)
  if (!run.ok) throw new Error(run.error)
  return run
}

/** Measures by client.mjs. It says when its window begins and ends, and what it saw in it. */
export async function runClient(router, scenario, serializer, seconds) {
  const client = join(import.meta.dirname, 'client.mjs')
  const command = [process.execPath, client, ...scenario.load.split(' ')]
  const child = start(1, [...command, ...options(router, serializer, seconds)], { ipc: true })
  const cpu = []
  let seen
  child.on('message', message => {
    if (message === 'begin' || message === 'end') cpu.push(cpuSeconds(router.child))
    else seen = message
  })
  await endWithin(child, seconds + 40)
  if (child.exitCode !== 0 || seen === undefined) {
    throw new Error(child.output.trim().slice(-300) || 'no end in time')
  }
  const [before, after] = await Promise.all(cpu)
  const spent = (after - before) * 1e6
  return {
    [scenario.cost]: spent / seen.count,
    router_util: spent / 1e6 / seen.seconds,
    [`${seen.what}_per_s`]: seen.count / seen.seconds,
    p50_us: seen.p50_us,
  }
}

/**
 * Router and generator both have to get warm: V8 compiles what is used most, on a busy machine late.
 */
const WARMUP = '2'

function options(router, serializer, seconds) {
  const times = ['--seconds', String(seconds), '--warmup', WARMUP]
  return ['--url', router.url, '--serializer', serializer, ...times]
}

async function endWithin(child, seconds) {
  const timer = setTimeout(() => void stop(child), seconds * 1000)
  await child.ended
  clearTimeout(timer)
  await stop(child)
}
