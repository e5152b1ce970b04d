import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ListenError, type TlsFiles } from './transport.ts'

/**
 * Certificate and key from their files, found to fit each other. Rejects with a ListenError that
 * names the files: uWebSockets.js itself says nothing of why it cannot use a certificate.
 */
export async function readCertificate(tls: TlsFiles): Promise<{ cert: Buffer; key: Buffer }> {
  const { certificate, key } = tls
  try {
    const pair = { cert: await readFile(certificate), key: await readFile(key) }
    createSecureContext(pair)
    return pair
  } catch (error) {
    const text = (error as Error).message
    throw new ListenError(`cannot use certificate ${certificate} with key ${key}: ${text}`)
  }
}
