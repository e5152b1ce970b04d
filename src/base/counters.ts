/** All that is counted of what goes wrong or is refused, and what each count means. */
export const COUNTED = {
  bad_handshakes: 'connections that were refused because they began with something malformed',
  dead_peers:
    'connections that were cut off because they did not answer pings, or sent no heart-beats',
  denied_handshakes: 'clients that were refused before WELCOME',
  expired_polls: 'long-poll sessions that ended because their client polled no more',
  oversized_messages: 'messages that were not sent because their receiver takes only shorter ones',
  protocol_violations: 'sessions and connections that ended because their client broke the rules',
  refused_origins: 'pages that were refused because of their origin',
  refused_paths: 'WebSockets that were refused because nothing takes them at their path',
  refused_polls:
    'long-poll requests that were refused: of no session, of a foreign origin, unsound, too large',
  refused_requests: 'requests to an HTTP bridge that were answered with a problem',
  refused_protocols: 'clients that were refused because no serializer of theirs is spoken',
  refused_proxies:
    'connections without a sound PROXY header from a trusted proxy, where it must be',
  silent: 'connections that were closed because they did not say in time what they want',
  refused_connections: 'connections that were closed because there were too many',
  refused_sessions: 'clients that were refused because there were too many sessions',
  limits_reached: 'requests that were refused because a session or realm has as much as it may',
  rate_refused: 'messages that were refused because their session sent too much',
  floods: 'sessions that ended because they went on sending too much',
  queues_full: 'sessions that ended because too much waited for their authorizer',
  payloads_refused: 'messages whose payload was larger than its sender may send',
  too_slow: 'sessions that ended because they read too slowly',
  events_dropped: 'events that a session did not get because it reads too slowly',
  gaps_told: 'gaps in the events of a session that it was told of',
  events_untranslatable:
    'events that a session did not get because its serializer cannot carry them',
  refused_admins: 'requests to the admin endpoint that were refused because of a wrong token',
  webhooks_sent: 'events that were posted to a webhook and taken there',
  webhooks_given_up: 'events that were not posted to a webhook, or not taken there',
  spans_lost: 'spans that were not sent to the collector of traces: too many, or not taken there',
  out_of_files: 'times that no file descriptor was left for new clients',
  refused_by_memory: 'sessions that were refused because memory was short',
  cut_by_memory: 'connections that were cut off because memory was short',
} as const

export type Counted = keyof typeof COUNTED

/** Counts of one router, each from 0 at its start. */
export class Counters {
  readonly #counts = new Map<Counted, number>()

  count(what: Counted, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** Every count, those of nothing as well. */
  all(): Readonly<Record<Counted, number>> {
    const names = Object.keys(COUNTED) as Counted[]
    const pairs = names.map(name => [name, this.#counts.get(name) ?? 0])
    return Object.fromEntries(pairs) as Record<Counted, number>
  }
}
