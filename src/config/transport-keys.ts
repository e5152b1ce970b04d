import Type from 'typebox'
import { about, CLOSED, duration, name, named, PATH, size } from '../base/keys.ts'
import { serviceKeys } from '../site/services.ts'
import { connectionKeys } from './limit-keys.ts'

/** The port of a transport that names none. */
export const DEFAULT_PORT = 8080

/** The path of a WebSocket that names none. */
export const DEFAULT_PATH = '/ws'

const endpoint = Type.Object(
  {
    interface: Type.Optional(
      name(
        about(
          'The address to listen on. `0.0.0.0` or `::` is all of them: beyond this machine use TLS.',
          'restart',
          '127.0.0.1',
        ),
      ),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65535,
        ...about('The port. 0 picks a free one.', 'restart', DEFAULT_PORT),
      }),
    ),
  },
  { ...CLOSED, ...about('Where the transport listens.', 'restart', {}) },
)

const tls = Type.Object(
  {
    certificate: name({
      ...PATH,
      ...about('The certificate and its chain, in PEM. Read again on each reload.', 'new'),
    }),
    key: name({ ...PATH, ...about('The private key, in PEM.', 'new') }),
    ca: Type.Optional(
      name({
        ...PATH,
        ...about(
          'The authorities whose certificates clients may prove themselves with, in PEM. Such a ' +
            'transport runs on `ws`: uWebSockets.js does not hand certificates on.',
          'restart',
        ),
      }),
    ),
  },
  { ...CLOSED, ...about('Certificate and key: with it the transport speaks TLS.', 'restart') },
)

const options = Type.Object(
  {
    max_message_size: Type.Optional(
      size({
        minimum: 1024,
        // The longest text that Node holds is a little longer.
        maximum: 500 * 1024 * 1024,
        ...about(
          'The largest message. A larger one closes its connection with 1009.',
          'new',
          '1MB',
        ),
      }),
    ),
    send_buffer: Type.Optional(
      size({
        minimum: 1024,
        ...about(
          'How much may wait for a reader that is too slow. Over that it is disconnected with 1008.',
          'new',
          '4MB',
        ),
      }),
    ),
    auto_ping_interval: Type.Optional(
      duration({
        minimum: 100,
        ...about(
          'A client that is silent for this long is pinged; silent for as long again, it is dropped.',
          'new',
          '10s',
        ),
      }),
    ),
    handshake_timeout: Type.Optional(
      duration({
        minimum: 10,
        ...about('How long a client may take from connecting to WELCOME.', 'new', '10s'),
      }),
    ),
    ...connectionKeys,
    max_handshakes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        ...about(
          'How many connections may be without a session at a time. Those beyond are closed with 1013.',
          'live',
          1000,
        ),
      }),
    ),
    max_hello_size: Type.Optional(
      size({
        minimum: 1024,
        ...about('The largest message before WELCOME: HELLO and AUTHENTICATE.', 'new', '64KB'),
      }),
    ),
    max_failures: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        ...about(
          'How often clients of one address may fail to authenticate before they must wait; 0 is ' +
            'without limit. The addresses of this machine never wait, for a proxy may stand there; ' +
            'a proxy elsewhere needs 0.',
          'live',
          20,
        ),
      }),
    ),
    failure_backoff: Type.Optional(
      duration({
        minimum: 1,
        ...about(
          'How long the first failure beyond `max_failures` holds an address back; each further ' +
            'one twice as long, up to a minute.',
          'live',
          '1s',
        ),
      }),
    ),
    backend: Type.Optional(
      Type.Enum(
        ['auto', 'uws', 'ws'],
        about('`auto`: uWebSockets.js where its binary loads, else `ws`.', 'restart', 'auto'),
      ),
    ),
  },
  { ...CLOSED, ...about('Limits and times.', 'new', {}) },
)

/** The keys of a transport. */
export const transport = Type.Object(
  {
    id: Type.Optional(
      name(about('A name for logs and reloads: `TYPE-PORT` without one.', 'restart')),
    ),
    type: Type.Enum(
      ['websocket', 'web'],
      about(
        'The kind of transport. `websocket`: WAMP over WebSocket, at `path`; `web`: HTTP, with what ' +
          '`paths` says, on `ws` where that is more than WebSockets.',
        'restart',
      ),
    ),
    endpoint: Type.Optional(endpoint),
    tls: Type.Optional(tls),
    path: Type.Optional(
      Type.String({
        pattern: '^/[^?#\\s]*$',
        form: 'a path such as /ws',
        ...about('The path of the WebSocket, with `websocket`.', 'new', DEFAULT_PATH),
      }),
    ),
    paths: Type.Optional(
      named(serviceKeys, about('What is served at which path, such as `/ws`, with `web`.', 'new')),
    ),
    auth: Type.Array(Type.String(), {
      minItems: 1,
      ...about(
        'The authenticators that let clients in, by name. Of several that have the same method ' +
          'the first that knows the user decides.',
        'live',
      ),
    }),
    realms: Type.Optional(
      Type.Array(
        Type.String(),
        about('The realms that can be joined here, by name. Without the key, all.', 'live'),
      ),
    ),
    serializers: Type.Optional(
      Type.Array(Type.Enum(['json', 'msgpack', 'cbor']), {
        minItems: 1,
        ...about('The serializers on offer.', 'new', ['json', 'msgpack', 'cbor'] as never[]),
      }),
    ),
    allowed_origins: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^(\\*|null|[a-z][a-z0-9+.-]*://[^/\\s]+)$',
          form: 'an origin such as https://app.example.com, or *',
        }),
        about(
          "Browser origins that may connect besides this machine's and the same host's, such as " +
            '`https://app.example.com`. `*` lets all pages in.',
          'new',
          [] as never[],
        ),
      ),
    ),
    options: Type.Optional(options),
  },
  CLOSED,
)
