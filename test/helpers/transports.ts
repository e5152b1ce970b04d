import { loadUws } from '../../src/transport/load.ts'

/**
 * The transports that run here. uWebSockets.js has no binary for some pairs of Node and C library;
 * then its tests are left out, and that is said. In continuous integration they fail instead, but
 * where WAMPD_TRANSPORTS is `ws`: whoever says so has found that none can load.
 */
export const TRANSPORTS: ('uws' | 'ws')[] = ['uws', 'ws']

const uws = await loadUws()
const isLeftOut = !process.env.CI || process.env.WAMPD_TRANSPORTS === 'ws'
if ('missing' in uws && isLeftOut) {
  console.log(`no tests over uWebSockets.js: ${uws.missing}`)
  TRANSPORTS.shift()
}

/** The transport that serves by default here. */
export const USUAL_TRANSPORT: 'uws' | 'ws' = TRANSPORTS[0] as 'uws' | 'ws'
