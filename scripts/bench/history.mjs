/**
 * What a history costs: a publication that is added to it, and an event that is read from it, in
 * memory and in an LMDB file.
 *
 *   node scripts/bench/history.mjs [FOLDER_OF_THE_BUILD]
 *
 * It measures a realm within this process, without sockets: time for each publication and each
 * event that is read, and what the store takes on disk.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'

const dist = resolve(process.argv[2] ?? join(import.meta.dirname, '../../build/src'))
const load = file => import(pathToFileURL(join(dist, file)).href)
const { Realm } = await load('realm/realm.js')
const { unrestricted } = await load('realm/authorize.js')
const { randomId } = await load('base/ids.js')
const { json } = await load('serializer/json.js')

const COUNT = 50_000
const KEPT = 10_000
const folder = mkdtempSync(join(tmpdir(), 'wampd-history-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

console.log('| | publication | acknowledged | event read | on disk |')
console.log('|---|---|---|---|---|')
await measure('no history', {})
const event_history = [{ uri: 'bench.topic', limit: KEPT }]
await measure('in memory', { event_history })
const path = join(folder, 'events.lmdb')
await measure('LMDB', { event_history, store: { type: 'lmdb', path } })

async function measure(name, pubsub) {
  const realm = new Realm(
    { name: 'bench', uriCheck: 'loose', strictRequestIds: false, roles: [], pubsub },
    randomId,
  )
  const member = sessionOf()
  realm.join(member)
  const added = await timed(() => publish(realm, member, false))
  const acknowledged = await timed(() => publish(realm, member, true))
  const read = pubsub.event_history === undefined ? '–' : await timed(() => replay(realm, member))
  await realm.close()
  const size = pubsub.store === undefined ? '–' : `${(statSync(path).size / 1e6).toFixed(1)} MB`
  console.log(`| ${name} | ${added} | ${acknowledged} | ${read} | ${size} |`)
}

/** Runs some work twice, the first time to get warm; gives the time for each thing it did. */
async function timed(work) {
  await work()
  const start = performance.now()
  const count = await work()
  return `${(((performance.now() - start) / count) * 1000).toFixed(2)} µs`
}

/** Publications that come 100 in a tick, as from a busy socket; gives their number. */
async function publish(realm, member, acknowledge) {
  const frame = Buffer.from(
    JSON.stringify([16, 1, { acknowledge }, 'bench.topic', [1, 'x'.repeat(100)]]),
  )
  member.waits = acknowledge ? COUNT : 0
  const done = new Promise(answered => {
    member.done = answered
  })
  for (let i = 1; i <= COUNT; i++) {
    realm.receive(member, json.decode(frame))
    if (i % 100 === 0) await new Promise(setImmediate)
  }
  if (acknowledge) await done
  return COUNT
}

/** Reads the whole history, page by page, and gives the number of its events. */
async function replay(realm, member) {
  let count = 0
  for (let after = {}; ; ) {
    const frame = [48, 1, {}, 'wamp.subscription.get_events', [1], after]
    realm.receive(member, json.decode(Buffer.from(JSON.stringify(frame))))
    const { args, kwargs } = member.result
    count += args.length
    if (!kwargs.more) return count
    after = { after_publication: args.at(-1).publication }
  }
}

/** A session that counts its answers, and writes them as for a socket. */
function sessionOf() {
  const role = unrestricted('bench', 'loose')
  const session = { id: 1, authid: 'bench', authrole: 'bench', role, features: 0, details: {} }
  return Object.assign(session, {
    waits: 0,
    done: undefined,
    send(message) {
      json.encode(message)
      if (message.type === 17 && --session.waits === 0) session.done()
      if (message.type === 50) session.result = message.payload.open()
    },
    share() {},
    kill() {},
  })
}
