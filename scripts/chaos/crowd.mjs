// Many connections in a process that is stopped or killed by whoever started it.
//   crowd.mjs PORT COUNT half|idle
import { frame, HELLO, handshake, raw } from './client.mjs'

const [port, count, kind] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]]
let joined = 0
for (let i = 0; i < count; i++) {
  const socket = raw(port)
  socket.write(handshake())
  socket.once('data', () => socket.write(frame(HELLO)))
  socket.on('data', data => {
    if (!data.includes('[2,')) return
    // Half of a message: the frame promises more than comes.
    if (kind === 'half')
      socket.write(frame(`[16,1,{},"a.b",["${'x'.repeat(50_000)}"]]`).subarray(0, 20_000))
    if (++joined === count) process.send?.('ready')
  })
  if (i % 50 === 49) await new Promise(resolve => setTimeout(resolve, 20))
}
