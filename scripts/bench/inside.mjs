// Loaded into a router (node --expose-gc --import inside.mjs …), it tells what memory that holds.
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'

process.on('message', async message => {
  if (message === 'memory') process.send(await memory())
  if (message.snapshot !== undefined) process.send({ file: writeHeapSnapshot(message.snapshot) })
})

/** Of several looks, as pages are given back a while after they are free: bytes. */
async function memory() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await sleep(100)
  }
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  const [slack, native] = [heapTotal - heapUsed, rss - heapTotal - external]
  return { heap: heapUsed, slack, external, native, rss }
}
