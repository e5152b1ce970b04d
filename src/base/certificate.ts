import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Certificate and key in PEM files. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

/**
 * Certificate and key from their files, found to fit each other. Throws an Error that names the
 * files: uWebSockets.js itself says nothing of why it cannot use a certificate.
 */
export function readCertificate(tls: TlsFiles): { cert: Buffer; key: Buffer } {
  const { certificate, key } = tls
  try {
    return pairOf(tls)
  } catch (error) {
    const text = (error as Error).message
    throw new Error(`cannot use certificate ${certificate} with key ${key}: ${text}`)
  }
}

/** Why certificate and key, which are there, cannot be used; undefined where they can. */
export function certificateFault(tls: TlsFiles): string | undefined {
  try {
    pairOf(tls)
    return undefined
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`
  }
}

function pairOf({ certificate, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(certificate), key: readFileSync(key) }
  createSecureContext(pair)
  return pair
}
