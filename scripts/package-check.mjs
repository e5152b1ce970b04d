// Packs the package and, under each Node that wampd is made for, installs the tarball into an empty
// folder, starts `npx wampd` there, joins a realm, and uses it embedded.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import WebSocket from 'ws'
import { npm, otherNodes } from './nodes.mjs'

const root = resolve(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'wampd-package-'))
try {
  npm(process.execPath, root, 'pack', '--silent', '--pack-destination', scratch)
  const tarball = join(
    scratch,
    readdirSync(scratch).find(name => name.endsWith('.tgz')),
  )
  for (const node of [process.execPath, ...otherNodes()]) {
    const version = String(execFileSync(node, ['--version'])).trim()
    const folder = join(scratch, version)
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    npm(node, folder, 'install', '--silent', '--no-audit', '--no-fund', tarball)
    console.log(version, await tryCommand(node, folder))
    console.log(version, tryEmbedded(node, folder))
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** Starts the installed command on a free port and says HELLO to it. */
async function tryCommand(node, folder) {
  const command = join(folder, 'node_modules', '.bin', 'wampd')
  const router = spawn(node, [command, '--port', '0'], { cwd: folder })
  let output = ''
  router.stderr.on('data', data => {
    output += data
  })
  const ended = new Promise(done => router.once('exit', done))
  try {
    const url = await new Promise((found, reject) => {
      router.stdout.on('data', data => {
        output += data
        const match = /(ws:\/\/\S+) \((.+)\)/.exec(output)
        if (match !== null) found(match)
      })
      void ended.then(code => reject(new Error(`wampd ended with ${code}: ${output}`)))
      setTimeout(() => reject(new Error(`wampd does not start: ${output}`)), 20_000).unref()
    })
    return `npx wampd: session ${await hello(url[1])} over ${url[2]}`
  } finally {
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

function tryEmbedded(node, folder) {
  const program = `
    import { createRouter } from 'wampd'
    const router = createRouter({ development: true })
    const session = router.session('realm1')
    await session.register('com.example.add', ([a, b]) => a + b)
    console.log('embedded: 2 + 3 =', await session.call('com.example.add', [2, 3]))
    await router.close()
  `
  const args = ['--input-type=module', '--eval', program]
  const output = String(execFileSync(node, args, { cwd: folder })).trim()
  if (output !== 'embedded: 2 + 3 = 5') throw new Error(`embedded router said: ${output}`)
  return output
}
