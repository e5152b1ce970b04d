import type { Server } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket, type TlsOptions } from 'node:tls'
import { readCertificate, readNamed, type TlsFiles } from '../base/certificate.ts'
import type { ClientCertificate } from '../base/origin.ts'
import { ListenError, type Site } from './transport.ts'

/** The half of a TLS server that takes another certificate. */
interface Renewable {
  setSecureContext(options: TlsOptions): void
}

/** The certificates of one port of Node's own TLS, which can be renewed. */
export class Certificates {
  #byName: ReadonlyMap<string, SecureContext> = new Map()

  /** What a server is made with. Throws a ListenError where a certificate cannot be used. */
  options(files: TlsFiles, handshakeTimeout: number): TlsOptions {
    return {
      ...this.#read(files),
      handshakeTimeout,
      requestCert: files.ca !== undefined,
      rejectUnauthorized: false,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    }
  }

  /** Takes certificates for connections from now on. Throws a ListenError, and changes nothing then. */
  renew(server: Renewable, files: TlsFiles): void {
    server.setSecureContext(this.#read(files))
  }

  #read(files: TlsFiles): TlsOptions {
    try {
      const own = readCertificate(files)
      const byName = readNamed(files).flatMap(({ names, ...pair }) => {
        const context = createSecureContext({ ...own, ...pair })
        return names.map(name => [name, context] as const)
      })
      this.#byName = new Map(byName)
      return own
    } catch (error) {
      throw new ListenError((error as Error).message)
    }
  }

  /** That of the name itself, or of all names below its parent; undefined: that of the port. */
  #contextFor(name: string): SecureContext | undefined {
    const lower = name.toLowerCase()
    return this.#byName.get(lower) ?? this.#byName.get(`*${lower.slice(lower.indexOf('.'))}`)
  }
}

/** Cuts off who does not come through the handshake of TLS, which not all servers do by themselves. */
export function dropBadHandshakes(server: Server, site: Site): void {
  server.on('tlsClientError', (_, socket: TLSSocket) => {
    site.count('bad_handshakes')
    socket.destroy()
  })
}

/** Null where TLS has found nothing that the authorities of the transport have signed. */
export function certificateOfClient(stream: TLSSocket): ClientCertificate | null {
  if (!stream.authorized) return null
  const { subject, fingerprint256 } = stream.getPeerCertificate()
  // Some have several; the first is what people see.
  const commonName = [subject?.CN].flat()[0]
  if (fingerprint256 === undefined) return null
  return {
    commonName: commonName ?? '',
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}
