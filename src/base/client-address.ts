import { BlockList, isIP } from 'node:net'

/** The address of whoever comes over a unix socket. */
export const UNIX = 'unix'

/** Addresses that are trusted to tell where a connection comes from: those of proxies. */
export class Trusted {
  readonly #addresses = new BlockList()
  readonly #hasUnix: boolean

  /** Addresses, networks such as `10.0.0.0/8`, and `unix`. Throws a TypeError for anything else. */
  constructor(list: readonly string[]) {
    this.#hasUnix = list.includes(UNIX)
    for (const one of list) {
      if (one !== UNIX && !this.#add(one))
        throw new TypeError(`${one} is no address, nor a network`)
    }
  }

  #add(one: string): boolean {
    const [address = '', prefix] = splitOnce(one, '/')
    const family = familyOf(address)
    if (family === undefined) return false
    if (prefix === undefined) {
      this.#addresses.addAddress(address, family)
      return true
    }
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 'ipv4' ? 32 : 128)) return false
    this.#addresses.addSubnet(address, Number(prefix), family)
    return true
  }

  has(address: string): boolean {
    if (address === UNIX) return this.#hasUnix
    const family = familyOf(address)
    return family !== undefined && this.#addresses.check(address, family)
  }
}

/** True of what Trusted takes. */
export function isAddressOrNetwork(text: string): boolean {
  try {
    new Trusted([text])
    return true
  } catch {
    return false
  }
}

/** An address as it is shown and compared: IPv4 that comes as IPv6 is IPv4. */
export function plainAddress(address: string): string {
  const mapped = /^(?:::ffff:|0{1,4}(?::0{1,4}){4}:ffff:)(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped?.[1] ?? address
}

/** What a proxy says of a request that it hands on. */
interface Forwarded {
  /** X-Forwarded-For; empty if absent. */
  readonly for: string
  /** X-Forwarded-Proto; empty if absent. */
  readonly proto: string
}

/** Where a request comes from, and whether it began over TLS; `secure` is undefined if nobody says. */
export interface Source {
  readonly remote: string
  readonly secure: boolean | undefined
}

/**
 * The source of a request that came from `peer`. Each proxy adds the address that it was reached from
 * to the end of X-Forwarded-For, so the list is read from there, for as long as those who wrote it are
 * trusted; what stands before was perhaps made up by the client.
 */
export function sourceOf(peer: string, forwarded: Forwarded, trusted: Trusted): Source {
  if (!trusted.has(peer)) return { remote: peer, secure: undefined }
  const proto = lastOf(forwarded.proto).toLowerCase()
  const secure = proto === '' ? undefined : proto === 'https' || proto === 'wss'
  const hops = forwarded.for.split(',').reverse()
  let remote = peer
  for (const hop of hops) {
    const address = addressOf(hop.trim())
    if (address === undefined) break
    remote = address
    if (!trusted.has(remote)) break
  }
  return { remote, secure }
}

/** An address of X-Forwarded-For, to which some proxies add the port; undefined for anything else. */
function addressOf(text: string): string | undefined {
  const bare =
    /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ??
    /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ??
    text
  // A zone says nothing to others.
  return isIP(bare) === 0 || bare.includes('%') ? undefined : plainAddress(bare)
}

function lastOf(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = isIP(address)
  // BlockList would throw for a zone.
  if (family === 0 || address.includes('%')) return undefined
  return family === 4 ? 'ipv4' : 'ipv6'
}

function splitOnce(text: string, by: string): [string, string?] {
  const at = text.indexOf(by)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
