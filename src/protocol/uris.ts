import {
  AUTHENTICATION_DENIED,
  AUTHENTICATION_FAILED,
  AUTHORIZATION_FAILED,
  CANCELED,
  CLOSE_REALM,
  DISCLOSE_ME_DISALLOWED,
  FEATURE_NOT_SUPPORTED,
  FLOOD,
  GOODBYE_AND_OUT,
  INTERNAL_ERROR,
  INVALID_ARGUMENT,
  INVALID_URI,
  KILLED,
  LIMIT_EXCEEDED,
  NO_AVAILABLE_CALLEE,
  NO_MATCHING_AUTH_METHOD,
  NO_SUCH_PRINCIPAL,
  NO_SUCH_PROCEDURE,
  NO_SUCH_PUBLICATION,
  NO_SUCH_REALM,
  NO_SUCH_REGISTRATION,
  NO_SUCH_ROLE,
  NO_SUCH_SESSION,
  NO_SUCH_SUBSCRIPTION,
  NOT_AUTHORIZED,
  ORIGIN_REFUSED,
  PAYLOAD_SIZE_EXCEEDED,
  PROCEDURE_ALREADY_EXISTS,
  PROTOCOL_VIOLATION,
  QUEUE_FULL,
  RATE_EXCEEDED,
  REPLACED,
  ROLE_REMOVED,
  RUNTIME_ERROR,
  STORE_FAILED,
  SYSTEM_SHUTDOWN,
  TIMEOUT,
  TOO_MANY_ATTEMPTS,
  UNAVAILABLE,
  UNTRANSLATABLE_PAYLOAD,
} from './errors.ts'

/** What a URI means, who gets it in which message, and what to do about it. */
export interface UriNote {
  readonly meaning: string
  readonly receiver: string
  readonly remedy: string
}

const note = (meaning: string, receiver: string, remedy: string): UriNote => ({
  meaning,
  receiver,
  remedy,
})

const REQUEST = 'whoever made the request: ERROR'
const CALLER = 'the caller: ERROR'
const NEWCOMER = 'a client before WELCOME: ABORT'
const MEMBER = 'the session: GOODBYE'

/** Every URI that the router says by itself. docs/reference-errors.md is made of it. */
export const URIS: Readonly<Record<string, UriNote>> = {
  // Requests.
  [INVALID_ARGUMENT]: note(
    'an option, or an argument of a procedure of the router, is not what it must be',
    REQUEST,
    'the text names the option or argument: correct it',
  ),
  [INVALID_URI]: note(
    'the URI of a topic, procedure or realm is no URI, is too long, or begins with `wamp.` or `wampd.`, which only the router may use',
    `${REQUEST}; ${NEWCOMER}`,
    'use another URI; `options.uri_check` of the realm says which characters it may have',
  ),
  [NOT_AUTHORIZED]: note(
    "no rule of the session's role allows this, or its authorizer says no",
    REQUEST,
    '`wampd check --explain AUTHID URI ACTION` says which rule decides; add one, or use another role',
  ),
  [AUTHORIZATION_FAILED]: note(
    'the authorizer of the role failed, took too long, or is not there',
    REQUEST,
    "look at the authorizer's procedure and at the router's log; trying again may help",
  ),
  [NO_SUCH_PROCEDURE]: note(
    'nobody has registered the procedure',
    CALLER,
    'start the callee, or compare URI and realm. `_wait` in the options waits for a callee that is about to come',
  ),
  [PROCEDURE_ALREADY_EXISTS]: note(
    'another session has registered the procedure, and it is not shared, or shared in another way',
    'the callee: ERROR for REGISTER',
    'share it by the same `invoke` everywhere. Where an old session of the same service holds it: `takeover` of the realm, or `force_reregister`',
  ),
  [NO_SUCH_SUBSCRIPTION]: note(
    'the session has no such subscription, or there is none of that id',
    REQUEST,
    'it has ended already; forget it',
  ),
  [NO_SUCH_REGISTRATION]: note(
    'the session has no such registration, or there is none of that id',
    REQUEST,
    'it has ended already, or was taken away; forget it',
  ),
  [DISCLOSE_ME_DISALLOWED]: note(
    'the request asks to be disclosed, and the rule of its role refuses that',
    REQUEST,
    'ask without `disclose_me`, or change `publisher` or `caller` of the rule',
  ),
  [PAYLOAD_SIZE_EXCEEDED]: note(
    'args and kwargs are larger than the role may send, or than the receiver takes',
    `${REQUEST}; the caller, where the result is too large: ERROR; a client whose message is too large for the gateway it uses`,
    'send less at a time, by progressive results for one; or raise `limits.payload_size`',
  ),
  [UNTRANSLATABLE_PAYLOAD]: note(
    'the payload has values that the serializer of the receiver cannot carry',
    `${REQUEST}; the caller, where it is the result: ERROR`,
    'keep to what all serializers know (docs/payloads.md), or have all clients use one',
  ),
  [STORE_FAILED]: note(
    'a publication that is to be kept could not be stored; it may have been delivered',
    'the publisher that asked for `acknowledge`: ERROR',
    'see to the disk of the realm’s store; publish again where receivers bear it twice',
  ),
  [LIMIT_EXCEEDED]: note(
    'the session, its role or its realm has as much of something as it may; the text says of what',
    `${REQUEST}; ${NEWCOMER}`,
    'give something up, or raise the limit (docs/limits.md)',
  ),
  [RATE_EXCEEDED]: note(
    'the session sends more than it may in that time; this message was not taken',
    REQUEST,
    'slow down, and send it again later; or raise `limits.message_rate` or `byte_rate`',
  ),
  [NO_SUCH_SESSION]: note(
    'there is no session of that id in the realm',
    'the caller of `wamp.session.…`: ERROR',
    'it has ended already',
  ),
  [NO_SUCH_PUBLICATION]: note(
    'there is no report of that publication',
    'the caller of `wampd.publication.report`: ERROR',
    'ask for one by `_report: true` and `acknowledge: true`, and soon',
  ),

  // Calls.
  [CANCELED]: note(
    'the call was canceled, or its callee has gone before it answered',
    CALLER,
    'nobody knows how far the callee has come: call again where that does no harm',
  ),
  [TIMEOUT]: note(
    'no answer came within the timeout of the call; also of requests to the bridge and the control socket',
    CALLER,
    'a longer `timeout`, or a faster callee; `call_timeout` and `max_call_timeout` of the realm count as well',
  ),
  [UNAVAILABLE]: note(
    'the callee reads too slowly, or refuses calls for now; or the router is going down',
    CALLER,
    'call again; no callee has begun with it, where the router says so by itself',
  ),
  [NO_AVAILABLE_CALLEE]: note(
    'all callees of the procedure have as many calls as they take, and the queue is full or the wait was too long; or all have refused',
    CALLER,
    'call again later; more callees, or a higher `concurrency` or `queue_limit`',
  ),
  [FEATURE_NOT_SUPPORTED]: note(
    'the call needs a feature that the callee has not announced: progressive calls, or payload passthru',
    CALLER,
    'call without it, or have the callee announce it in HELLO',
  ),
  [RUNTIME_ERROR]: note(
    'the handler of a procedure threw an error that has no URI of its own',
    'the caller: ERROR, from the callee',
    'the text is that of the error: look at the callee',
  ),
  [INTERNAL_ERROR]: note(
    'a fault of the router itself; its log has the details',
    `${REQUEST}; the session: ABORT, close code 1011`,
    'report it, with the line of the log',
  ),

  // The way in.
  [NO_SUCH_REALM]: note(
    'there is no realm of that name, or it cannot be joined on this transport',
    NEWCOMER,
    'compare the name with `realms` of the configuration, and with `realms` of the transport',
  ),
  [NO_SUCH_ROLE]: note(
    'the client has proven who it is, and the realm does not have its role',
    NEWCOMER,
    'add the role to the realm, or join another one',
  ),
  [NO_MATCHING_AUTH_METHOD]: note(
    'none of the methods that the client lists in `authmethods` is on offer here; one that lists none means `anonymous`',
    NEWCOMER,
    'compare the client’s `authmethods` with `auth` of the transport',
  ),
  [AUTHENTICATION_DENIED]: note(
    'the proof is wrong, or nobody has that authid: the two are not told apart',
    NEWCOMER,
    'compare authid and secret; the router’s log has the authid that was asked for',
  ),
  [AUTHENTICATION_FAILED]: note(
    'the check could not be made: an authenticator or a key server failed, or no AUTHENTICATE came in time',
    NEWCOMER,
    'look at the authenticator and at the router’s log; try again',
  ),
  [NO_SUCH_PRINCIPAL]: note(
    'an authenticator of the operator does not know the authid',
    NEWCOMER,
    'as for `wamp.error.authentication_denied`',
  ),
  [TOO_MANY_ATTEMPTS]: note(
    'the address has failed to authenticate too often, and must wait',
    NEWCOMER,
    'mend the credentials and wait: longer after each failure. Behind a proxy set `trusted_proxies`, or all clients count as one',
  ),
  [PROTOCOL_VIOLATION]: note(
    'the client sent something that the protocol does not have there; the text says what',
    'the session, or a client before WELCOME: ABORT, close code 1002',
    'it is a fault of the client’s library, or of what speaks there by hand',
  ),
  [ORIGIN_REFUSED]: note(
    'the page is of an origin that may not use the HTTP bridge',
    'a page: HTTP 403',
    'add its origin to `allowed_origins`',
  ),

  // The end of a session.
  [GOODBYE_AND_OUT]: note('the answer to a GOODBYE', `${MEMBER}, after its own`, 'nothing'),
  [KILLED]: note(
    'somebody ended the session by `wamp.session.kill…`, and gave no other reason',
    MEMBER,
    'ask the administrator of the realm; the router’s log has a line `killed`',
  ),
  [CLOSE_REALM]: note(
    'the realm is gone: a reload took it out of the configuration, or the router ends',
    MEMBER,
    'join another realm',
  ),
  [SYSTEM_SHUTDOWN]: note(
    'the service ends for good (`wampd stop --final`, `wampd drain --final`)',
    MEMBER,
    'do not come back; Autobahn|JS and wampy do not by themselves',
  ),
  [ROLE_REMOVED]: note(
    'a reload took the role of the session away',
    MEMBER,
    'come back with another role; `reload: { orphans: keep }` lets such sessions stay',
  ),
  [QUEUE_FULL]: note(
    'too many messages of the session wait for its authorizer',
    MEMBER,
    'send less while answers are outstanding; a faster authorizer, or rules in its place',
  ),
  [FLOOD]: note(
    'the session went on sending more than it may',
    MEMBER,
    'heed `wampd.error.rate_exceeded`, which came before',
  ),

  // A registration's end.
  [REPLACED]: note(
    'another session took the registration, by `force_reregister` or `takeover`',
    'the callee that had it: UNREGISTERED, where it announced `registration_revocation`',
    'nothing, where a newer one of the same service is meant to have it',
  ),
}
