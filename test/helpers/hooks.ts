import type { RootHookObject } from 'mocha'

/** Fails a test that leaves a socket or a server open. */
let before: string[] = []
export const mochaHooks: RootHookObject = {
  beforeEach() {
    before = open()
  },
  async afterEach() {
    // Closing takes a few turns of the loop.
    for (let i = 0; i < 50 && left().length > 0; i++) await new Promise(r => setTimeout(r, 10))
    if (left().length > 0) throw new Error(`left open: ${left().join(', ')}`)
  },
}

function left(): string[] {
  const known = [...before]
  return open().filter(kind => {
    const at = known.indexOf(kind)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

function open(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter(kind => /Server|Socket|TCP|TLS|Pipe|Process/.test(kind))
}
