/**
 * Whether a router keeps anything of sessions that are gone, however they went.
 *
 *   node scripts/bench/leaks.mjs [--cycles 1000000] [--router wampd] [--parallel 64] [--looks 20]
 *
 * Each cycle is a connection that comes, gets so far, and goes: by GOODBYE, by a close frame, or by RST at any
 * point: before the upgrade, in the midst of HELLO, after SUBSCRIBE, with a call that nobody answered, as the
 * callee of one. Now and then it looks what the heap holds when all is collected, and prints it. The verdict: the
 * line that fits the looks of the last four fifths best rises by less than a byte a cycle, and no session,
 * subscription or registration is left. The exit code is 1 where it is not so.
 */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { stop } from './processes.mjs'
import { RawSession } from './raw-session.mjs'
import { startRouter } from './routers.mjs'
import { machine } from './table.mjs'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '1000000' },
    router: { type: 'string', default: 'wampd' },
    parallel: { type: 'string', default: '64' },
    looks: { type: 'string', default: '20' },
  },
})
const [cycles, parallel, looks] = [values.cycles, values.parallel, values.looks].map(Number)

/** Bytes a cycle that are no leak, but chance. */
const MOST = 1
const inside = join(import.meta.dirname, 'inside.mjs')

const ways = {
  async goodbye(session, number) {
    await session.join()
    await session.ask(`[32,1,{},"com.example.${number % 1000}"]`, '[33,')
    await session.ask('[6,{},"wamp.close.close_realm"]', '[6,')
    session.close()
  },
  async 'close frame'(session, number) {
    await session.join()
    await session.ask(`[64,1,{},"com.example.own.${number}"]`, '[65,')
    session.close()
  },
  async 'cut before the upgrade'(session) {
    session.socket.write('GET /ws HTTP/1.1\r\nHost: 127')
    await session.connected
  },
  async 'cut after the upgrade'(session) {
    await session.upgrade()
  },
  async 'cut in the midst of HELLO'(session) {
    await session.upgrade()
    session.socket.write(HALF)
  },
  async 'cut while HELLO is answered'(session) {
    await session.upgrade()
    session.send(HELLO)
  },
  async 'cut after SUBSCRIBE'(session, number) {
    await session.join()
    await session.ask('[32,1,{"match":"prefix"},"com.example"]', '[33,')
    await session.ask(`[32,2,{},"com.example.own.${number}"]`, '[33,')
  },
  async 'cut with a call pending'(session) {
    await session.join()
    session.send('[48,1,{"timeout":60000},"com.example.mute",[1]]')
    await session.ask('[32,2,{},"com.example"]', '[33,')
  },
  async 'cut as the callee of a call'(session, number) {
    await session.join()
    const uri = `com.example.own.${number}`
    await session.ask(`[64,1,{},"${uri}"]`, '[65,')
    caller.send(`[48,${++calls},{},"${uri}",[1]]`)
    await session.expect('[68,')
  },
}
const HELLO = '[1,"realm1",{"roles":{"caller":{},"callee":{},"subscriber":{}}}]'
/** A frame that says 100 bytes, and has 10. */
const HALF = Buffer.concat([Buffer.from([0x81, 0x80 | 100, 0, 0, 0, 0]), Buffer.from('[1,"realm1')])

console.log(machine([values.router], 'raw-session.mjs'))
const { child, port } = await startRouter(values.router, ['--expose-gc', '--import', inside])
// These stay: one that never answers, and one that calls.
const [mute, caller] = [new RawSession(port), new RawSession(port)]
await Promise.all([mute.join(), caller.join()])
await mute.ask('[64,1,{},"com.example.mute"]', '[65,')
let calls = 0
const META = ['wamp.session.count', 'wamp.subscription.list', 'wamp.registration.list']
const kinds = Object.keys(ways)
const begun = performance.now()
const seen = []
let made = 0
console.log('cycles, heap MiB, native and the rest MiB, RSS MiB')
await look()
for (let i = 1; i <= looks; i++) {
  await run(Math.round((cycles * i) / looks))
  await look()
}
const seconds = (performance.now() - begun) / 1000
const left = await remains()
await stop(child)
verdict()
process.exit()

async function run(until) {
  const work = async () => {
    while (made < until) await cycle(made++)
  }
  await Promise.all(Array.from({ length: parallel }, work))
}

async function cycle(number) {
  const kind = kinds[number % kinds.length]
  const session = new RawSession(port)
  await ways[kind](session, number).catch(error => {
    console.error(`${kind}: ${error.message}`)
    process.exit(1)
  })
  if (kind.startsWith('cut')) await session.drop()
  else await session.closed
}

async function look() {
  await sleep(300)
  const { heap, external, native, rss } = await ask('memory')
  seen.push({ made, bytes: heap + external })
  const mib = bytes => (bytes / 2 ** 20).toFixed(2)
  console.log([made, mib(heap), mib(native + external), mib(rss)].join(', '))
}

function ask(message) {
  child.send(message)
  return new Promise(resolve => child.once('message', resolve))
}

/** Sessions, subscriptions and registrations that are there; two sessions and one registration should be. */
async function remains() {
  const meta = new RawSession(port)
  await meta.join()
  const asked = []
  for (const [i, uri] of META.entries()) {
    asked.push(JSON.parse(await meta.ask(`[48,${i + 1},{},"${uri}"]`, '[50,'))[3][0])
  }
  const [sessions, subscriptions, registrations] = asked
  const count = lists => Object.values(lists).flat().length
  return {
    sessions: sessions - 1,
    subscriptions: count(subscriptions),
    registrations: count(registrations),
  }
}

function verdict() {
  const later = seen.filter(({ made }) => made >= cycles / 5)
  const mean = key => later.reduce((sum, look) => sum + look[key], 0) / later.length
  const [x, y] = [mean('made'), mean('bytes')]
  const over = later.reduce((sum, look) => sum + (look.made - x) * (look.bytes - y), 0)
  const slope = over / later.reduce((sum, look) => sum + (look.made - x) ** 2, 0)
  const isClean = left.sessions === 2 && left.subscriptions === 0 && left.registrations === 1
  const isSound = slope < MOST && isClean
  console.log(`${made} cycles in ${seconds.toFixed(0)} s, ${(made / seconds).toFixed(0)} a second`)
  console.log(
    `the heap grows by ${slope.toFixed(3)} bytes a cycle; left are ${JSON.stringify(left)}`,
  )
  console.log(isSound ? 'nothing leaks' : 'IT LEAKS')
  if (!isSound) process.exitCode = 1
}
