// Packs the package, installs the tarball into an empty folder, starts `npx wampd` there and joins
// a realm. With NODES="path/to/node …" it does so under each of these Nodes too.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import WebSocket from 'ws'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'wampd-package-'))
const nodes = [
  process.execPath,
  ...(process.env.NODES ?? '').split(' ').filter(node => node !== ''),
]
try {
  npm(root, 'pack', '--silent', '--pack-destination', folder)
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  npm(folder, 'install', '--silent', '--no-audit', '--no-fund', join(folder, tarball))
  for (const node of nodes) {
    console.log(`${execFileSync(node, ['--version'])}`.trim(), await tryRouter(node))
    console.log(
      `${execFileSync(node, ['--input-type=module', '-e', embedded()], { cwd: folder })}`.trim(),
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Starts the installed command on a free port and says HELLO to it. */
async function tryRouter(node) {
  const cli = join(folder, 'node_modules', '.bin', 'wampd')
  const router = spawn(node, [cli, '--port', '0'], { cwd: folder })
  let output = ''
  router.stderr.on('data', data => {
    output += data
  })
  try {
    const url = await new Promise((found, reject) => {
      router.stdout.on('data', data => {
        output += data
        const match = /ws:\/\/[^\s]+/.exec(output)
        if (match !== null) found(match[0])
      })
      router.on('exit', code => reject(new Error(`wampd ended with ${code}: ${output}`)))
      setTimeout(() => reject(new Error(`wampd does not start: ${output}`)), 20_000).unref()
    })
    const session = await hello(url)
    return `npx wampd from the tarball: session ${session} on ${url}`
  } finally {
    const ended = new Promise(done => router.once('exit', done))
    router.kill('SIGTERM')
    await ended
  }
}

function hello(url) {
  return new Promise((joined, reject) => {
    const socket = new WebSocket(url, 'wamp.2.json')
    socket.on('open', () => socket.send('[1,"realm1",{"roles":{"caller":{}}}]'))
    socket.on('message', data => {
      const [code, session] = JSON.parse(String(data))
      socket.terminate()
      if (code === 2) joined(session)
      else reject(new Error(`no WELCOME: ${data}`))
    })
    socket.on('error', reject)
  })
}

/** What an embedding application does, run in the folder of the installed package. */
function embedded() {
  return `
    import { createRouter } from 'wampd'
    const router = createRouter({ development: true })
    const session = router.session('realm1')
    await session.register('com.example.add', ([a, b]) => a + b)
    console.log('embedded: 2 + 3 =', await session.call('com.example.add', [2, 3]))
    await router.close()
  `
}
