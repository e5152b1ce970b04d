import type { Server, Socket } from 'node:net'

/** What comes before what a server does with a connection: `go` has it go on. */
export type Step = (socket: Socket, go: () => void) => void

/** Has a step come before all that a server does with its new connections. */
export function before(server: Server, event: 'connection' | 'secureConnection', step: Step): void {
  const next = server.listeners(event)
  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => {
    step(socket, () => {
      for (const listener of next) listener.call(server, socket)
    })
  })
}

/** What is to become of the bytes that a connection begins with. */
export type Look =
  /** Not enough to tell. */
  | 'more'
  /** The connection is cut off. */
  | 'none'
  /** It goes on: `skip` bytes are done with, the others are left for whoever comes next. */
  | { readonly skip: number; go(): void }

/**
 * Looks at the first bytes of a connection without taking more than it is told to. A connection that
 * says too little in `timeout` ms is cut off, which `silent` is told of.
 */
export function peek(
  socket: Socket,
  timeout: number,
  look: (bytes: Buffer) => Look,
  silent: () => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => {
    silent()
    socket.destroy()
  }, timeout)
  const done = () => {
    clearTimeout(timer)
    socket.off('readable', read)
    socket.off('close', done)
    socket.off('end', cut)
  }
  const cut = () => socket.destroy()
  const read = () => {
    for (let part = socket.read(); part !== null; part = socket.read()) {
      bytes = Buffer.concat([bytes, part as Buffer])
    }
    if (bytes.length === 0) return
    const found = look(bytes)
    if (found === 'more') return
    done()
    if (found === 'none') {
      socket.destroy()
      return
    }
    if (bytes.length > found.skip) socket.unshift(bytes.subarray(found.skip))
    found.go()
  }
  // A reset is followed by `close`.
  socket.on('error', ignore)
  socket.on('close', done)
  socket.on('end', cut)
  socket.on('readable', read)
}

function ignore(): void {}
