/** Where a connection comes from, and how it is made. */
export interface Origin {
  /** How: `websocket`, `rawsocket`, … */
  readonly kind: string
  /** The peer's address. */
  readonly peer: string
  /** The subprotocol: `wamp.2.json`, `wamp.2.cbor.batched`. */
  readonly protocol: string
  /** It is over TLS. */
  readonly secure: boolean
  /** What the client has shown to TLS; null if nothing, or nothing that can be trusted. */
  readonly certificate: ClientCertificate | null
}

/** A client's certificate, whose chain and private key TLS has checked. */
export interface ClientCertificate {
  /** The CN of its subject. */
  readonly commonName: string
  /** SHA-256 of the certificate in hex, lower case. */
  readonly fingerprint: string
}

/** What may be told of it to others: `transport` of session details. */
export interface TransportDetails extends Record<string, unknown> {
  readonly type: string
  readonly protocol: string
  readonly peer: string
  readonly secure: boolean
}

export function transportDetails({ kind, protocol, peer, secure }: Origin): TransportDetails {
  return { type: kind, protocol, peer, secure }
}
