import { execFileSync, fork } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { frame, HELLO, handshake, join, raw, until } from './client.mjs'

const MIB = 1 << 20

/**
 * What may go wrong around a router. Each gets the router and its port, and throws where the router
 * does not do what it should; `calm` is how many MiB it may have grown by when all is over.
 */
export const SCENARIOS = [
  {
    name: 'killed',
    title: '500 clients are killed (kill -9) in the midst of a frame',
    calm: 40,
    async run({ port, files }) {
      const before = files()
      const crowds = await Promise.all(Array.from({ length: 5 }, () => crowd(port, 100, 'half')))
      for (const child of crowds) child.kill('SIGKILL')
      if (!(await until(() => files() <= before + 2))) throw new Error(`${files()} files are open`)
    },
  },
  {
    name: 'half-open',
    title: '200 clients stop (SIGSTOP) and never answer again',
    calm: 30,
    settings: { options: 'auto_ping_interval: 500ms' },
    async run({ port, files }) {
      const before = files()
      const child = await crowd(port, 200, 'idle')
      child.kill('SIGSTOP')
      const gone = await until(() => files() <= before + 2, 10_000)
      child.kill('SIGKILL')
      if (!gone) throw new Error(`${files() - before} are still there`)
    },
  },
  {
    name: 'disk-full',
    title: 'the disk of the store is full (tmpfs of 8 MiB)',
    calm: 60,
    prepare: tmpfs,
    async run({ port, folder }) {
      const publisher = await join(port)
      const publish = i =>
        publisher.ask(16, { acknowledge: true, retain: true }, `topic.${i}`, ['x'.repeat(50_000)])
      const acknowledged = []
      let refused
      for (let i = 0; i < 400 && refused === undefined; i++) {
        const answer = await publish(i)
        if (answer[0] === 17) acknowledged.push(i)
        else refused = answer[4]
      }
      if (refused !== 'wampd.error.store_failed')
        throw new Error(`the disk is full, but ${refused}`)
      unlinkSync(pathOf(folder, 'filler'))
      if (!(await until(async () => (await publish(1000))[0] === 17))) {
        throw new Error('there is room again, but nothing is stored')
      }
      publisher.end()
      const reader = await join(port)
      const heard = new Set()
      reader.heard = message => heard.add(message[3].topic)
      await reader.ask(32, { match: 'prefix', get_retained: true }, 'topic.')
      await until(() => heard.size > acknowledged.length, 3000)
      const lost = acknowledged.filter(i => !heard.has(`topic.${i}`))
      if (lost.length > 0) throw new Error(`acknowledged, but lost: ${lost}`)
      reader.end()
    },
  },
  {
    name: 'clock',
    title: 'the clock jumps a day forward, and two back',
    calm: 20,
    settings: {
      preload: resolve(import.meta.dirname, 'clock.mjs'),
      options: 'auto_ping_interval: 500ms',
    },
    async run({ port, child }) {
      const caller = await join(port)
      const deaf = await join(port)
      await deaf.ask(64, {}, 'deaf')
      deaf.socket.removeAllListeners('message')
      for (let jump = 0; jump < 2; jump++) {
        const from = Date.now()
        const late = caller.ask(48, { timeout: 1000 }, 'deaf')
        await sleep(200)
        child.kill('SIGUSR2')
        const answer = await Promise.race([late, sleep(8000)])
        if (answer?.[4] !== 'wamp.error.timeout') throw new Error(`no timeout: ${answer}`)
        if (Date.now() - from > 5000) throw new Error(`timeout after ${Date.now() - from} ms`)
        await sleep(2000)
        if (caller.socket.readyState !== 1) throw new Error('who answers pings was dropped')
      }
      caller.end()
      deaf.end()
    },
  },
  {
    name: 'files',
    title: '400 clients of a router that may open 160 files',
    calm: 20,
    settings: { files: 160 },
    async run(router) {
      const { port, cpu } = router
      const sockets = Array.from({ length: 400 }, () => raw(port))
      for (const socket of sockets) socket.write(handshake())
      await sleep(1000)
      const [before, lines] = [cpu(), router.lines]
      await sleep(3000)
      const spent = cpu() - before
      for (const socket of sockets) socket.destroy()
      await sleep(500)
      if (spent > 1) throw new Error(`it spun: ${spent.toFixed(1)} s of CPU in 3 s`)
      if (router.lines - lines > 50) throw new Error(`${router.lines - lines} lines in the log`)
      const again = await until(() =>
        join(port, 'wamp.2.json', 2000).then(
          one => !one.end(),
          () => false,
        ),
      )
      if (!again) throw new Error('it takes nobody any more')
    },
  },
  {
    name: 'slow-loris',
    title: '300 handshakes a byte a second, and 50 bodies without an end',
    calm: 30,
    settings: { options: 'handshake_timeout: 3s' },
    async run({ port, files }) {
      const before = files()
      const sockets = Array.from({ length: 350 }, () => raw(port))
      const texts = sockets.map((_, i) =>
        i < 300 ? handshake() : 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n',
      )
      const end = Date.now() + 25_000
      let at = 0
      while (Date.now() < end && (at < 3 || files() > before + 5)) {
        for (const [i, socket] of sockets.entries()) {
          if (socket.destroyed) continue
          const text = texts[i]
          if (i >= 300 && at === 0) socket.write(text)
          else socket.write(i < 300 ? text[at % text.length] : 'x')
        }
        at++
        await sleep(1000)
      }
      const left = files() - before
      for (const socket of sockets) socket.destroy()
      await until(() => files() <= before + 2)
      if (left > 5) throw new Error(`${left} of 350 are still there after 25 s`)
    },
  },
  {
    name: 'burst',
    title: '20,000 clients connect at once',
    calm: 150,
    async run({ port, files }) {
      const before = files()
      const crowds = await Promise.all(
        Array.from({ length: 4 }, () => crowd(port, 5000, 'idle', false)),
      )
      await sleep(12_000)
      for (const child of crowds) child.kill('SIGKILL')
      if (!(await until(() => files() <= before + 2, 20_000))) {
        throw new Error(`${files()} files are open`)
      }
    },
  },
  {
    name: 'bombs',
    title: 'messages of the largest size: deep, of a million items, of huge numbers, too large',
    calm: 350,
    async run({ port, rss }) {
      const subscriber = await join(port, 'wamp.2.msgpack')
      // [32, 1, {}, "bomb"]
      subscriber.socket.send(Buffer.from('94200180a4626f6d62', 'hex'))
      const other = await join(port)
      await other.ask(32, {}, 'bomb')
      const room = MIB - 100
      const payloads = [
        `"${'x'.repeat(room)}"`,
        `${'['.repeat(200)}${']'.repeat(200)}`,
        '[],'.repeat(Math.floor(room / 3)).slice(0, -1),
        '{},'.repeat(Math.floor(room / 3)).slice(0, -1),
        '1,'.repeat(Math.floor(room / 2)).slice(0, -1),
        `${'9'.repeat(room)}`,
        `1e${'9'.repeat(1000)}`,
        `"${'\\u0000'.repeat(room / 6)}"`,
        Array.from({ length: 70_000 }, (_, i) => `{"k${i}":1}`)
          .join()
          .slice(0, room - 10)
          .replace(/,[^,]*$/, ''),
      ]
      const kept = []
      for (let round = 0; round < 5; round++) {
        for (const payload of payloads) await publish(port, 'bomb', payload)
        kept.push(Math.round(rss()))
      }
      // It levels out: what grows with each round leaks.
      if (kept[4] > Math.max(...kept.slice(0, 3)) + 60) throw new Error(`MiB by round: ${kept}`)
      const tooDeep = await join(port)
      tooDeep.socket.send(`[16,1,{},"bomb",${'['.repeat(500_000)}`)
      if ((await tooDeep.closed) !== 1002) throw new Error('nesting without an end is taken')
      const tooLarge = await join(port)
      tooLarge.socket.send(`[16,1,{},"bomb",["${'x'.repeat(2 * MIB)}"]]`)
      const code = await tooLarge.closed
      if (code !== 1009 && code !== 1006) throw new Error(`too large is taken: ${code}`)
      subscriber.end()
      other.end()
    },
  },
  {
    name: 'hoarder',
    title: 'one client with 10,000 subscriptions, and 2,000 URIs of 8,000 characters',
    calm: 60,
    async run({ port }) {
      const hoarder = await join(port)
      const asked = []
      for (let i = 0; i < 10_000; i++)
        asked.push(hoarder.ask(32, { match: MATCHES[i % 3] }, `a.${i}.b`))
      for (let i = 0; i < 2000; i++) asked.push(hoarder.ask(32, {}, `b${i}.${'x'.repeat(8000)}`))
      await Promise.all(asked)
      hoarder.end()
      await sleep(500)
    },
  },
  {
    name: 'log-flood',
    title: '10,000 sessions that break the rules, each a line in the log',
    calm: 60,
    async run({ port }) {
      for (let i = 0; i < 10_000; i += 100)
        await Promise.all(Array.from({ length: 100 }, () => violate(port)))
    },
  },
]

const MATCHES = ['exact', 'prefix', 'wildcard']

/** Publishes what is no JSON of ours to make, and waits for what comes of it. */
async function publish(port, topic, argument) {
  const publisher = await join(port)
  const answered = new Promise(done => {
    publisher.heard = done
  })
  publisher.socket.send(`[16,1,{"acknowledge":true},"${topic}",[${argument}]]`)
  await Promise.race([publisher.closed, answered, sleep(10_000)])
  publisher.end()
}

function violate(port) {
  const socket = raw(port)
  socket.write(handshake())
  socket.once('data', () => socket.write(Buffer.concat([frame(HELLO), frame('no message')])))
  socket.on('data', data => {
    if (data.includes('protocol_violation')) socket.destroy()
  })
  return socket.gone
}

/** Many connections in a process of their own, once they have joined; or at once. */
async function crowd(port, count, kind, waits = true) {
  const program = resolve(import.meta.dirname, 'crowd.mjs')
  const child = fork(program, [port, count, kind].map(String), { stdio: 'ignore' })
  process.setMaxListeners(0)
  process.on('exit', () => child.kill('SIGKILL'))
  if (waits) await new Promise(ready => child.on('message', ready))
  return child
}

/** A small disk for a store, most of it taken by a file that can be removed. */
function tmpfs() {
  const folder = mkdtempSync(pathOf(tmpdir(), 'wampd-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  mkdirSync(pathOf(folder, 'store'))
  writeFileSync(pathOf(folder, 'filler'), Buffer.alloc(4 * MIB))
  if (!existsSync(folder) || statfsSync(folder).bavail === 0) throw new Error('no small disk')
  return {
    folder,
    settings: { realm: `    store: { type: lmdb, path: ${pathOf(folder, 'store', 'data')} }` },
    clear() {
      execFileSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
