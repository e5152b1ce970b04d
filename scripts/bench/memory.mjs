/**
 * What an idle session takes of a router's memory: joined, and subscribed to a topic.
 *
 *   node scripts/bench/memory.mjs [--sessions 1000,10000,19000] [--routers bare-idle,wampd,bare-idle-ws,wampd-ws]
 *     [--own-topics] [--objects]
 *
 * Bytes for each session by which they became more (so that what a process takes once does not count), told apart: objects of the heap, room that the heap holds beside them, buffers
 * beyond it (external), what is none of these (native: sockets of uWebSockets.js, allocator), and the sum, which is
 * resident memory. --own-topics: each session has a topic of its own. --objects: which objects they are, by a
 * snapshot of the heap without and with the sessions. The files that a process may open limit the sessions.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { stop } from './processes.mjs'
import { RawSession } from './raw-session.mjs'
import { scratch, startRouter } from './routers.mjs'
import { load, machine } from './table.mjs'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000,10000,19000' },
    routers: { type: 'string', default: 'bare-idle,wampd,bare-idle-ws,wampd-ws' },
    'own-topics': { type: 'boolean', default: false },
    objects: { type: 'boolean', default: false },
  },
})
const PARTS = ['heap', 'slack', 'external', 'native', 'rss']
/** Sessions that are opened at the same time. */
const AT_ONCE = 64

const routers = values.routers.split(',')
console.log(`${machine(routers, 'raw-session.mjs')}\n`)
if (!values.objects) {
  console.log(`| bytes a session | sessions | ${PARTS.join(' | ')} |`)
  console.log(`|---|---|${PARTS.map(() => '---').join('|')}|`)
}
const counts = values.sessions.split(',').map(Number)
for (const name of routers) await measure(name)
console.log(`\n${load()} at the end`)
process.exit()

async function measure(name) {
  const inside = join(import.meta.dirname, 'inside.mjs')
  const { child, port } = await startRouter(name, ['--expose-gc', '--import', inside])
  const ask = message => {
    child.send(message)
    return new Promise(resolve => child.once('message', resolve))
  }
  try {
    // What is compiled and cached with the first sessions is not theirs.
    const joins = name.startsWith('wampd')
    const first = await open(port, 500, joins)
    await Promise.all(first.map(session => session.drop()))
    await sleep(500)
    // A snapshot takes memory itself: it is one or the other.
    const look = count => {
      return ask(values.objects ? { snapshot: join(scratch, `${count}.heapsnapshot`) } : 'memory')
    }
    const sessions = []
    let less = await look(0)
    for (const count of counts) {
      const from = sessions.length
      sessions.push(...(await open(port, count - from, joins, from)))
      await sleep(1000)
      const more = await look(count)
      if (values.objects)
        console.log(
          `\n${name}, ${from} to ${count}\n${objects(less.file, more.file, count - from)}`,
        )
      else {
        const each = PARTS.map(part => Math.round((more[part] - less[part]) / (count - from)))
        console.log(`| ${name} | ${from} to ${count} | ${each.join(' | ')} |`)
      }
      less = more
    }
    for (const session of sessions) session.socket.destroy()
  } finally {
    await stop(child)
  }
}

async function open(port, count, joins, from = 0) {
  const sessions = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const number = from + next++
      const session = new RawSession(port)
      sessions.push(session)
      if (!joins) await session.upgrade()
      else {
        await session.join()
        const topic = values['own-topics'] ? `com.example.topic.${number}` : 'com.example.topic'
        await session.ask(`[32,1,{},"${topic}"]`, '[33,')
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sessions
}

/** Which kinds of objects there are more of, in bytes a session. */
function objects(before, after, count) {
  const [less, more] = [sizes(before), sizes(after)]
  const lines = [...more]
    .map(([kind, { bytes, number }]) => {
      const was = less.get(kind) ?? { bytes: 0, number: 0 }
      return [kind, (bytes - was.bytes) / count, (number - was.number) / count]
    })
    .filter(([, bytes]) => bytes >= 4)
    .sort(([, a], [, b]) => b - a)
    .map(
      ([kind, bytes, number]) =>
        `${bytes.toFixed(0).padStart(6)}  ${number.toFixed(2).padStart(6)}  ${kind}`,
    )
  return [' bytes   count  kind', ...lines].join('\n')
}

/** Bytes and number of the objects of a snapshot by kind and name. */
function sizes(file) {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8'))
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, name, size] = ['type', 'name', 'self_size'].map(field => fields.indexOf(field))
  const found = new Map()
  for (let i = 0; i < nodes.length; i += fields.length) {
    const kind = types[0][nodes[i + type]]
    // The names of strings and numbers are what they hold.
    const isNamed = !/string|number|code|hidden/.test(kind)
    const key = isNamed ? `${kind} ${strings[nodes[i + name]].slice(0, 60)}` : kind
    const sum = found.get(key) ?? { bytes: 0, number: 0 }
    sum.bytes += nodes[i + size]
    sum.number++
    found.set(key, sum)
  }
  return found
}
