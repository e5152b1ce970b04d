/** What a WebSocket close code means here (RFC 6455, 7.4, and its registry). */
export interface CodeNote {
  readonly name: string
  readonly when: string
  readonly remedy: string
}

/** The codes that connections of this router end with. docs/reference-errors.md is made of it. */
export const CLOSE_CODES: Readonly<Record<number, CodeNote>> = {
  1000: {
    name: 'normal',
    when: 'the session has ended by GOODBYE or ABORT, of either side, and the reason has its URI; no HELLO came within `handshake_timeout`; the client has closed',
    remedy: 'the URI says why ([URIs](#uris))',
  },
  1001: {
    name: 'going away',
    when: 'a reload took the path or port away; a long-poll client did not poll within `session_timeout`',
    remedy: 'compare the URL with the configuration of now',
  },
  1002: {
    name: 'protocol error',
    when: 'what the client sent is no sound frame, message or batch; behind ABORT `wamp.error.protocol_violation` where there is room for one',
    remedy:
      'the reason or the text of ABORT says what; it is a fault of the client’s library, or of a proxy that changes bytes',
  },
  1005: {
    name: 'no code',
    when: 'never sent: what libraries say of a close frame without a code',
    remedy: 'the other side has closed without saying why',
  },
  1006: {
    name: 'broken off',
    when: 'never sent: what libraries say of a connection that ended without a close frame. The router does so with peers that answer no pings, that do not read their close frame, when memory is short (`cut_by_memory`), and beyond the sockets of a port',
    remedy:
      'the router’s log and counters have its side; where they have nothing, look at proxies and the network',
  },
  1007: {
    name: 'no UTF-8',
    when: 'a text message is not UTF-8',
    remedy: 'send bytes by a binary serializer, or as WAMP has them in JSON (docs/payloads.md)',
  },
  1008: {
    name: 'policy',
    when: 'the client reads too slowly: more waits for it than `send_buffer` allows; or its batches come faster than they can be worked off',
    remedy:
      'docs/reliability.md: read faster, subscribe to less, a larger `send_buffer`, or `policy: drop`',
  },
  1009: {
    name: 'too large',
    when: 'a message is longer than `max_message_size`',
    remedy: 'the reason has the limit: send less at a time, or raise it',
  },
  1011: {
    name: 'internal error',
    when: 'a fault of the router itself; behind ABORT `wampd.error.internal_error`',
    remedy: 'report it, with the line of the log; other sessions are not touched',
  },
  1012: {
    name: 'service restart',
    when: 'the router restarts or drains',
    remedy: 'come back: clients that reconnect do so by themselves',
  },
  1013: {
    name: 'try again later',
    when: 'there are too many connections, in all, of the address, or without a session; or memory is short',
    remedy: 'come back later; see docs/limits.md where it goes on',
  },
}
