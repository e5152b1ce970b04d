/** URIs of errors and farewells (WAMP, "URIs" chapters of both profiles). uris.ts says what each means. */
export const INVALID_URI = 'wamp.error.invalid_uri'
export const NO_SUCH_SUBSCRIPTION = 'wamp.error.no_such_subscription'
export const NO_SUCH_REGISTRATION = 'wamp.error.no_such_registration'
export const NO_SUCH_PROCEDURE = 'wamp.error.no_such_procedure'
export const PROCEDURE_ALREADY_EXISTS = 'wamp.error.procedure_already_exists'
export const INVALID_ARGUMENT = 'wamp.error.invalid_argument'
export const NOT_AUTHORIZED = 'wamp.error.not_authorized'
/** An authorizer failed, or took too long: nobody knows whether it may be. */
export const AUTHORIZATION_FAILED = 'wamp.error.authorization_failed'
export const CANCELED = 'wamp.error.canceled'
/** What a handler threw that names no URI of its own. */
export const RUNTIME_ERROR = 'wamp.error.runtime_error'
export const TIMEOUT = 'wamp.error.timeout'
export const UNAVAILABLE = 'wamp.error.unavailable'
export const NO_AVAILABLE_CALLEE = 'wamp.error.no_available_callee'
export const FEATURE_NOT_SUPPORTED = 'wamp.error.feature_not_supported'
export const DISCLOSE_ME_DISALLOWED = 'wamp.error.option_disallowed.disclose_me'
export const PAYLOAD_SIZE_EXCEEDED = 'wamp.error.payload_size_exceeded'
export const NO_SUCH_REALM = 'wamp.error.no_such_realm'
export const NO_SUCH_ROLE = 'wamp.error.no_such_role'
export const NO_MATCHING_AUTH_METHOD = 'wamp.error.no_matching_auth_method'
export const NO_SUCH_SESSION = 'wamp.error.no_such_session'
export const NO_SUCH_PRINCIPAL = 'wamp.error.no_such_principal'
/** The proof is wrong, or nobody is known by it: the two are not told apart. */
export const AUTHENTICATION_DENIED = 'wamp.error.authentication_denied'
/** The check itself could not be made, or not in time. */
export const AUTHENTICATION_FAILED = 'wamp.error.authentication_failed'
export const PROTOCOL_VIOLATION = 'wamp.error.protocol_violation'
export const GOODBYE_AND_OUT = 'wamp.close.goodbye_and_out'
export const KILLED = 'wamp.close.killed'
export const CLOSE_REALM = 'wamp.close.close_realm'
export const SYSTEM_SHUTDOWN = 'wamp.close.system_shutdown'
/** Our own: an address has failed to authenticate too often, and must wait. */
export const TOO_MANY_ATTEMPTS = 'wampd.error.too_many_attempts'
/** Our own: a reload took away the role of the session. */
export const ROLE_REMOVED = 'wampd.close.role_removed'
/** Our own: too much of a session waits for its authorizer. */
export const QUEUE_FULL = 'wampd.close.queue_full'
/** Our own: a session ended because of a fault of the router; the URI says whose fault it was. */
export const INTERNAL_ERROR = 'wampd.error.internal_error'
/** Our own: why a session lost a registration to another one that took its place. */
export const REPLACED = 'wampd.registration.replaced'
/** Our own: a payload that the receiver's serializer cannot carry. */
export const UNTRANSLATABLE_PAYLOAD = 'wampd.error.untranslatable_payload'

/** Our own: a publication could not be stored. It may have been delivered. */
export const STORE_FAILED = 'wampd.error.store_failed'
/** Our own: the session has as much of something as it may. */
export const LIMIT_EXCEEDED = 'wampd.error.limit_exceeded'

/** Our own: no report was asked for of that publication, or long ago. */
export const NO_SUCH_PUBLICATION = 'wampd.error.no_such_publication'
/** Our own: the page may not come here. */
export const ORIGIN_REFUSED = 'wampd.error.origin_refused'

/** Our own: the session sends more than it may in that time. */
export const RATE_EXCEEDED = 'wampd.error.rate_exceeded'
/** Our own: the session went on sending more than it may. */
export const FLOOD = 'wampd.close.rate_exceeded'

/** The peer broke the protocol: it gets ABORT with this text, and its session ends. */
export class ProtocolViolation extends Error {
  override name = 'ProtocolViolation'
}

/**
 * A payload that cannot go to its receiver: values that a serializer cannot carry (a function, a
 * symbol, …), or, under its own URI, more bytes than the receiver takes. The sender gets the URI.
 */
export class PayloadError extends Error {
  override name = 'PayloadError'
  readonly uri: string

  constructor(text: string, uri: string = UNTRANSLATABLE_PAYLOAD) {
    super(text)
    this.uri = uri
  }
}

/** A refusal, as it reaches in-process callers. */
export class WampError extends Error {
  override name = 'WampError'
  readonly uri: string
  readonly args: unknown[]
  readonly kwargs: Record<string, unknown>

  constructor(uri: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) {
    super(typeof args[0] === 'string' ? `${uri}: ${args[0]}` : uri)
    this.uri = uri
    this.args = args
    this.kwargs = kwargs
  }
}
