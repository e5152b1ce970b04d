// A router in a process of its own, and what can be seen of it from outside. Linux only.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const cli = resolve(import.meta.dirname, '../../dist/cli.js')

const RULES = `
    roles:
      - name: anonymous
        permissions:
          - { uri: "", match: prefix, allow: { call: true, register: true, publish: true, subscribe: true } }
          - { uri: wamp, match: prefix, allow: { call: true, subscribe: true } }`

/** Starts a router; `files` limits what it may open, `preload` is loaded before it. */
export async function startRouter(
  transport,
  { files = 50_000, preload, options = '', realm = '', reads = true } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-chaos-'))
  const config = join(folder, 'wampd.yaml')
  writeFileSync(
    config,
    `version: 1
control: { enabled: false }
realms:
  - name: realm1${RULES}
${realm}
authenticators: { guests: { anonymous: { role: anonymous } } }
transports:
  - type: websocket
    endpoint: { port: 0 }
    auth: [guests]
    options: { backend: ${transport}, ${options} }
`,
  )
  const node = [process.execPath, ...(preload === undefined ? [] : ['--import', preload])]
  const command = `ulimit -n ${files} 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$@"`
  const child = spawn('/bin/sh', ['-c', command, 'sh', ...node, cli, 'start', '-c', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const router = { child, folder, log: '', lines: 0, isUp: true }
  const end = () => child.kill('SIGKILL')
  process.on('exit', end)
  child.stderr.on('data', data => {
    router.lines += String(data).split('\n').length - 1
    router.log = (router.log + data).slice(-20_000)
  })
  router.ended = new Promise(done =>
    child.on('exit', (code, signal) => {
      router.isUp = false
      router.end = signal ?? code
      process.off('exit', end)
      done()
    }),
  )
  let said = ''
  router.port = await new Promise((listens, fails) => {
    child.stdout.on('data', data => {
      said += data
      const found = /ws:\/\/[^:]+:(\d+)/.exec(said)
      if (found !== null) listens(Number(found[1]))
    })
    void router.ended.then(() => fails(new Error(`no start: ${router.log}`)))
  })
  if (!reads) child.stderr.pause()
  router.rss = () => Number(/VmRSS:\s+(\d+)/.exec(status(child.pid))?.[1] ?? 0) / 1024
  router.files = () => readdirSync(`/proc/${child.pid}/fd`).length
  router.cpu = () => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }
  router.stop = async () => {
    child.stderr.resume()
    child.kill('SIGKILL')
    await router.ended
    rmSync(folder, { recursive: true, force: true })
  }
  return router
}

function status(pid) {
  return readFileSync(`/proc/${pid}/status`, 'utf8')
}
