/**
 * Whether unknown users and wrong passwords can be told apart by time: for each method the median
 * time from HELLO to the refusal, for a user that there is and for one that there is not, in turns.
 *
 *   npm run pretest && node scripts/bench/strangers.mjs
 *
 * The difference should be small beside the spread, which is half of what lies between the quartiles.
 */
import { randomBytes } from 'node:crypto'
import { beginWith } from '../../build/src/auth/auth.js'
import { signer } from '../../build/src/auth/cryptosign.js'
import { methodsOf } from '../../build/src/auth/methods.js'
import { craSecret, scramSecret } from '../../build/src/auth/secrets.js'

const TURNS = 4000
const pubkey = signer('ab'.repeat(32)).pubkey
const other = signer('cd'.repeat(32))
const surroundings = { clock: { now: () => Date.now() } }

const users = async make =>
  Object.fromEntries(
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => [
        `user${i}`,
        { ...(await make(i)), role: 'user' },
      ]),
    ),
  )
const scram = { method: 'wamp-scram', kdf: 'pbkdf2', iterations: 10, memory: 0 }
const principals = {
  ticket: await users(() => ({ ticket: 'a long enough secret' })),
  wampcra: await users(() => craSecret('secret', 10)),
  'wamp-scram': await users(() => scramSecret('secret', scram)),
  cryptosign: await users(i => ({
    authorized_keys: [i === 7 ? pubkey : signer(randomBytes(32).toString('hex')).pubkey],
  })),
}
/** What a client sends that guesses; a signature of the right form. */
const guesses = {
  ticket: () => 'a wrong secret, as long',
  wampcra: () => randomBytes(32).toString('base64'),
  'wamp-scram': () => randomBytes(32).toString('base64'),
  cryptosign: challenge => other.sign(challenge.challenge),
}

console.log(`Node ${process.version}, ${TURNS} turns each\n`)
console.log('| method | a user | nobody | difference | spread |')
console.log('|---|---|---|---|---|')
for (const [method, known] of Object.entries(principals)) {
  const sources = methodsOf({ [method]: { principals: known } }, surroundings)
  const times = { user: [], nobody: [] }
  // The first turns warm the code up.
  for (let turn = -TURNS; turn < TURNS; turn++) {
    const order = turn % 2 === 0 ? ['user', 'nobody'] : ['nobody', 'user']
    for (const who of order) {
      const time = await attempt(method, sources, who === 'user' ? 'user7' : 'none7', who)
      if (turn >= 0) times[who].push(time)
    }
  }
  const [user, nobody] = [quartiles(times.user), quartiles(times.nobody)]
  const cells = [user.median, nobody.median, nobody.median - user.median, user.spread]
  console.log(`| ${method} | ${cells.map(us => `${us.toFixed(2)} µs`).join(' | ')} |`)
}

/** Microseconds from HELLO to the refusal. */
async function attempt(method, sources, authid, who) {
  const key = who === 'user' ? pubkey : other.pubkey
  const authextra = { nonce: 'Y2xpZW50LW5vbmNl', pubkey: key }
  const hello = { realm: 'realm1', session: 1, details: { authid, authextra } }
  const start = process.hrtime.bigint()
  const step = beginWith(sources, hello)
  const signature = guesses[method](step.challenge)
  const last = step.answer(signature, {})
  const time = Number(process.hrtime.bigint() - start) / 1000
  if (!('refused' in last)) throw new Error(`${method} lets ${authid} in`)
  return time
}

function quartiles(times) {
  times.sort((a, b) => a - b)
  const at = share => times[Math.floor(times.length * share)]
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 2 }
}
