import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Router on core 0 and generator on core 1, so that neither takes the other's time. */
export const pinned =
  process.platform === 'linux' &&
  ['0', '1'].every(core => spawnSync('taskset', ['-c', core, 'true']).status === 0)

/** Characters of output that are kept: a log may be long. */
const MOST_OUTPUT = 100_000
const running = new Set()
// Also after a crash or Ctrl-C: nothing of what was started may outlive the benchmark.
process.on('exit', () => {
  for (const child of running) kill(child)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

/** Starts a command on one core. The end of its output is kept in `child.output`, its end is `child.ended`. */
export function start(core, command, { cwd, ipc = false } = {}) {
  const argv = pinned ? ['taskset', '-c', String(core), ...command] : command
  // exec throughout, so that the child's id is that of the router itself. Detached gives it a
  // process group of its own, by which its workers can be ended too.
  const child = spawn('/bin/sh', ['-c', manyFiles, 'sh', ...argv], {
    cwd,
    detached: true,
    stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', data => {
      child.output = (child.output + data).slice(-MOST_OUTPUT)
    })
  }
  child.ended = new Promise(resolve => {
    child.on('error', error => {
      child.output += error.message
      resolve()
    })
    child.on('close', resolve)
  })
  return child
}

// Each idle session takes a file, and 1024 is the usual limit.
const manyFiles = 'ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$@"'

export async function stop(child) {
  kill(child)
  await child.ended
  running.delete(child)
}

function kill(child) {
  try {
    // Nothing here has anything to save, and the group takes workers along.
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** CPU seconds so far of a router with its workers; undefined where that cannot be known. */
export async function cpuSeconds(child) {
  if (process.platform === 'linux') {
    return tree(child.pid).reduce((sum, pid) => sum + ticks(pid) / 100, 0)
  }
  if (!child.connected) return undefined
  return new Promise(resolve => {
    child.once('message', resolve)
    child.send('cpu')
    void child.ended.then(() => resolve(undefined))
  })
}

/** A process and its descendants. */
function tree(root) {
  const parents = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => [Number(name), Number(stat(name)[1])])
  const found = [root]
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child)
  }
  return found
}

/** utime and stime. Linux counts them in hundredths of a second on all usual machines. */
function ticks(pid) {
  const fields = stat(pid)
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}

/** The fields behind the name, which may hold blanks itself. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // ended meanwhile
  }
}
