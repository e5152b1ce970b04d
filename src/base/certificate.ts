import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Certificate and key in PEM files. */
interface PairFiles {
  readonly certificate: string
  readonly key: string
}

/** A certificate for those who ask for one of its names (SNI). */
export interface NamedFiles extends PairFiles {
  /** `app.example.com`, or `*.example.com` for all names of one part more. */
  readonly names: readonly string[]
}

/** The certificates of a port. */
export interface TlsFiles extends PairFiles {
  /**
   * The authorities that sign clients' certificates. With it clients are asked for one, but may
   * come without. Not on uWebSockets.js, which does not hand them on.
   */
  readonly ca?: string | undefined
  /** Further certificates. Whoever asks for none of their names gets that above. */
  readonly names?: readonly NamedFiles[] | undefined
}

/** What those files hold. */
interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

/**
 * Certificate and key from their files, found to fit each other. Throws an Error that names the
 * files: uWebSockets.js itself says nothing of why it cannot use a certificate.
 */
export function readCertificate(tls: TlsFiles): Pair {
  const { certificate, key, ca } = tls
  try {
    return pairOf(tls)
  } catch (error) {
    const text = (error as Error).message
    const files = `certificate ${certificate} with key ${key}${ca === undefined ? '' : ` and ca ${ca}`}`
    throw new Error(`cannot use ${files}: ${text}`)
  }
}

/** The further certificates of a port, read as its own is. */
export function readNamed({ names = [] }: TlsFiles): (Pair & Pick<NamedFiles, 'names'>)[] {
  return names.map(({ names, ...files }) => ({
    ...readCertificate(files),
    names: names.map(lower),
  }))
}

/** All files that the TLS of a port is made of. */
export function filesOfTls({ certificate, key, ca, names = [] }: TlsFiles): string[] {
  const further = names.flatMap(one => [one.certificate, one.key])
  return [certificate, key, ...(ca === undefined ? [] : [ca]), ...further]
}

const lower = (name: string) => name.toLowerCase()

/** Why certificate, key and authorities, which are there, cannot be used; undefined where they can. */
export function certificateFault(tls: TlsFiles): string | undefined {
  try {
    pairOf(tls)
    return undefined
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`
  }
}

function pairOf({ certificate, key, ca }: TlsFiles): Pair {
  const pair = {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
  }
  createSecureContext(pair)
  return pair
}
