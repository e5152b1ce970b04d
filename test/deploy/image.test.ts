import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { freePort } from '../helpers/free-port.ts'
import { ask } from '../helpers/poll-client.ts'
import { pause, within } from '../helpers/raw-client.ts'
import { configOfManifest, resource, secretsOfManifest } from './manifest.ts'
import { type Image, plainBuild } from './plain-build.ts'
import { lint, linters, whyNoLinters, whyNotHere } from './tools.ts'

const noLinter = whyNoLinters()
const elsewhere = whyNotHere()
if (elsewhere) console.log(`the Dockerfile is not tried: ${elsewhere}`)
else {
  describe('the Dockerfile', () => {
    if (noLinter) console.log(`the Dockerfile is not held against hadolint: ${noLinter}`)
    else {
      it('is sound', async function () {
        this.timeout(120_000)
        const hadolint = join(dirname(await linters()), 'hadolint')
        expect(lint(hadolint, 'deploy/Dockerfile')).deep.equal({ code: 0, said: '' })
      })
    }

    // No container: its steps are taken in plain folders, and its commands run there.
    describe('step by step', function () {
      this.timeout(240_000)
      const scratch = mkdtempSync(join(tmpdir(), 'wampd-image-'))
      let image: Image
      let ports: { wamp: number; admin: number }
      let router: ChildProcess
      let ended: Promise<unknown[]>
      let log = ''

      before(async () => {
        // Whoever the image's user is can look in.
        chmodSync(scratch, 0o755)
        image = plainBuild('deploy/Dockerfile', scratch, await nodeOfImage())
        const [config, secrets] = ['wampd', 'wampd-secrets'].map(name =>
          join(image.root, 'etc', name),
        )
        for (const folder of [config, secrets]) mkdirSync(folder as string, { recursive: true })
        for (const name of secretsOfManifest()) {
          writeFileSync(join(secrets as string, name), `the-secret-${name}`)
        }
        ports = { wamp: await freePort(), admin: await freePort() }
        const text = configOfManifest(secrets as string, ports.wamp, ports.admin)
        writeFileSync(join(config as string, 'wampd.yaml'), text)
      })
      after(() => rmSync(scratch, { recursive: true }))

      /** A command as the container runs it: as its user, in its folder, with its paths. */
      function run(command: readonly string[]): ChildProcess {
        const [program, ...args] = command.map(word => word.replace(/^\//, `${image.root}/`))
        const [uid, gid] = image.user.split(':').map(Number)
        return spawn(program as string, args, {
          cwd: join(image.root, image.workdir),
          env: { PATH: image.path, NODE_ENV: 'production', TMPDIR: join(image.root, 'tmp') },
          ...(process.getuid?.() === 0 ? { uid, gid } : {}),
        })
      }
      async function outcome(command: readonly string[]): Promise<[code: number, said: string]> {
        const child = run(command)
        let said = ''
        for (const stream of [child.stdout, child.stderr]) {
          stream?.on('data', data => {
            said += data
          })
        }
        const [code] = await once(child, 'close')
        return [code as number, said]
      }

      beforeEach(async () => {
        log = ''
        router = run([...image.entrypoint, ...image.command])
        ended = once(router, 'close')
        router.stderr?.on('data', data => {
          log += data
        })
        const out = router.stdout as NodeJS.EventEmitter
        const gone = ended.then(() => Promise.reject(new Error(log)))
        await within(20_000, 'start', Promise.race([once(out, 'data'), gone]))
      })
      afterEach(async () => {
        router.kill('SIGKILL')
        await ended
      })

      it('has what production needs, and nothing else', () => {
        const modules = readdirSync(join(image.root, 'app/node_modules'))
        expect(modules).include.members(['ws', 'uWebSockets.js', 'yaml'])
        for (const tool of ['mocha', 'typescript', 'autobahn', 'express', 'lmdb']) {
          expect(modules).not.include(tool)
        }
        expect(readdirSync(join(image.root, 'app')).sort()).deep.equal(
          ['LICENSE', 'dist', 'node_modules', 'package.json', 'realms'].sort(),
        )
        expect(existsSync(join(image.root, 'var/lib/wampd'))).equal(true)
      })

      it('answers its healthcheck, and the probes of the manifest', async () => {
        const [code, said] = await outcome(image.healthcheck)
        expect(code, said).equal(0)
        const [container] = resource('Deployment').spec.template.spec.containers
        for (const name of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
          const { path } = container[name].httpGet
          expect((await ask('GET', `http://127.0.0.1:${ports.admin}${path}`)).status).equal(200)
        }
        router.kill('SIGKILL')
        await ended
        expect((await outcome(image.healthcheck))[0]).equal(1)
      })

      it('has the verbs', async () => {
        const [code, said] = await outcome(['wampd', 'check', '/etc/wampd/wampd.yaml'])
        expect(code, said).equal(0)
      })

      it('drains on SIGTERM: it is not ready, alive, and gone when the call that runs is answered', async () => {
        const url = `ws://127.0.0.1:${ports.wamp}/ws`
        const callee = await member(url, 'backend')
        const caller = await member(url, 'backend')
        callee.send([64, 1, {}, 'com.example.public.slow'])
        await callee.next()
        caller.send([48, 1, {}, 'com.example.public.slow'])
        const [, invocation] = await callee.next()

        const began = Date.now()
        router.kill('SIGTERM')
        const probe = async (path: string) =>
          (await ask('GET', `http://127.0.0.1:${ports.admin}${path}`)).status
        while ((await probe('/readyz')) !== 503) await pause(20)
        expect(await probe('/healthz')).equal(200)
        await pause(300)
        expect(router.exitCode).equal(null)
        callee.send([70, invocation, {}, ['done']])
        expect(await caller.next()).deep.equal([50, 1, {}, ['done']])
        expect(await caller.closed).equal(1012)
        expect(await callee.closed).equal(1012)
        expect(await within(5000, 'end', ended)).deep.equal([0, null])
        // Far within what the manifest and the unit allow.
        expect(Date.now() - began).lessThan(10_000)
      })
    })
  })
}

/** The image's generation of Node where it is to be had, else this one. */
async function nodeOfImage(): Promise<string> {
  const { otherNodes } = await import(resolve('scripts/nodes.mjs'))
  const others: string[] = otherNodes()
  return others.find(path => path.includes('/node-22.')) ?? process.execPath
}

/** A client that has come in with its ticket. */
async function member(url: string, authid: string) {
  const socket = new WebSocket(url, 'wamp.2.json')
  const closed = once(socket, 'close').then(([code]) => code as number)
  const received: unknown[][] = []
  const waiting: ((message: unknown[]) => void)[] = []
  socket.on('message', data => {
    const message = JSON.parse(String(data))
    const hear = waiting.shift()
    if (hear) hear(message)
    else received.push(message)
  })
  const send = (message: unknown[]) => socket.send(JSON.stringify(message))
  const next = async () =>
    received.shift() ?? within(5000, 'message', new Promise<unknown[]>(hear => waiting.push(hear)))
  await once(socket, 'open')
  const roles = { caller: {}, callee: {} }
  send([1, 'com.example.app', { roles, authid, authmethods: ['ticket'] }])
  expect((await next())[0]).equal(4)
  send([5, `the-secret-${authid}-ticket`, {}])
  expect((await next())[0]).equal(2)
  return { send, next, closed }
}
