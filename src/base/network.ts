/** The hostname of a URL that leads to this machine, whoever answers for names. */
export function isLoopbackName(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** An address or name to listen on that only this machine reaches. */
export function isOfThisMachine(host: string): boolean {
  return host === 'localhost' || /^127(?:\.\d{1,3}){3}$|^::1$/.test(host)
}

/** What all addresses of this machine come to. */
export const LOOPBACK = 'loopback'

/** Loopback of IPv4, sockets of the file system, and this process. */
const HERE = /^127\.|^unix$|^local$/

/**
 * Whom an address stands for. Who gets an IPv6 address gets 2 ** 64 of them: they count as one. IPv4
 * may come as IPv6.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return HERE.test(address) ? LOOPBACK : address
  const groups = groupsOf(address)
  const [a, b] = groups.slice(6) as [number, number]
  const isMapped = groups.slice(0, 6).join() === '0,0,0,0,0,65535'
  if (isMapped) return networkOf([a >> 8, a & 255, b >> 8, b & 255].join('.'))
  if (groups.join() === '0,0,0,0,0,0,0,1') return LOOPBACK
  return groups.slice(0, 4).join()
}

/** The eight numbers of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/%.*/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const parse = (text: string) => (text === '' ? [] : text.split(':').map(one => parseInt(one, 16)))
  if (tail === undefined) return parse(head)
  const [before, after] = [parse(head), parse(tail)]
  return [...before, ...new Array(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
}
