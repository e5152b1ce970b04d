import Type from 'typebox'
import { COMPRESSIONS } from '../base/compression.ts'
import { about, CLOSED, duration, name, named, PATH, size, sizeOr } from '../base/keys.ts'
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
    path: Type.Optional(
      name({
        ...PATH,
        ...about(
          'A unix socket in place of interface and port, on `ws`. One that nobody listens on is replaced.',
          'restart',
        ),
      }),
    ),
    mode: Type.Optional(
      Type.String({
        pattern: '^0?[0-7]{3}$',
        form: 'a mode such as 0660',
        ...about(
          'The mode of that file: who may connect. Without the key `0600`, the user whom wampd runs as.',
          'restart',
        ),
      }),
    ),
  },
  { ...CLOSED, ...about('Where the transport listens.', 'restart', {}) },
)

const namedCertificate = Type.Object(
  {
    names: Type.Array(
      Type.String({
        pattern: '^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$',
        form: 'a name such as app.example.com or *.example.com',
      }),
      {
        minItems: 1,
        ...about('The names. `*.example.com` is all of one part more than `example.com`.', 'new'),
      },
    ),
    certificate: name({ ...PATH, ...about('The certificate and its chain, in PEM.', 'new') }),
    key: name({ ...PATH, ...about('The private key, in PEM.', 'new') }),
  },
  CLOSED,
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
    names: Type.Optional(
      Type.Array(
        namedCertificate,
        about(
          'Further certificates, by the name that a client asks for (SNI). Who asks for none of them ' +
            'gets that above.',
          'new',
        ),
      ),
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
    compression: Type.Optional(
      Type.Enum(
        [...COMPRESSIONS],
        about(
          'permessage-deflate for WebSocket clients that take it. `shared`: each message on its own, ' +
            'for next to no memory. A size: with so much of what went before in mind, for 100 KB and ' +
            'more of memory for each connection, on `ws`. Leave it off where messages hold secrets ' +
            'beside what others may choose: their length tells.',
          'new',
          'off',
        ),
      ),
    ),
    compression_threshold: Type.Optional(
      size({
        minimum: 1,
        ...about('Messages of fewer bytes are not compressed.', 'new', '1KB'),
      }),
    ),
    send_buffer: Type.Optional(
      sizeOr(
        {
          limit: Type.Optional(
            size({
              minimum: 1024,
              ...about('How much may wait beyond what the kernel has taken.', 'new', '1MB'),
            }),
          ),
          policy: Type.Optional(
            Type.Enum(
              ['disconnect', 'drop'],
              about(
                '`disconnect`: more closes the connection with 1008. `drop`: events are left out, ' +
                  'and the session is told which; other messages still close the connection.',
                'new',
                'disconnect',
              ),
            ),
          ),
        },
        {
          minimum: 1024,
          ...about(
            'What becomes of a reader that is too slow. A size alone is the limit.',
            'new',
            '1MB',
          ),
        },
      ),
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
            'without limit. The addresses of this machine never wait. Name proxies in ' +
            '`trusted_proxies`, or all their clients count as one.',
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
      ['websocket', 'rawsocket', 'stomp', 'web'],
      about(
        'The kind of transport. `websocket`: WAMP over WebSocket, at `path`; `rawsocket`: WAMP over ' +
          'RawSocket; `stomp`: STOMP over TCP; `web`: HTTP, with what `paths` says, on `ws` where that is more than WebSockets.',
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
    rawsocket: Type.Optional(
      Type.Boolean(
        about(
          'RawSocket on the same port, with `web`: the first byte of a connection tells. It runs on `ws`.',
          'restart',
          false,
        ),
      ),
    ),
    trusted_proxies: Type.Optional(
      Type.Array(
        Type.String(),
        about(
          'Proxies that tell the truth of where their clients are: addresses, networks such as ' +
            '`10.0.0.0/8`, and `unix` for all that come over a unix socket. What others say is ignored.',
          'new',
          [] as never[],
        ),
      ),
    ),
    proxy_protocol: Type.Optional(
      Type.Boolean(
        about(
          'Connections begin with a header of the PROXY protocol (version 1 or 2) and come from ' +
            '`trusted_proxies`; others are cut off. It runs on `ws`.',
          'restart',
          false,
        ),
      ),
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
    realm: Type.Optional(
      name(
        about(
          'With `stomp`: the realm of clients whose `host` names none that can be joined here. ' +
            'Without the key they are refused.',
          'new',
        ),
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
          pattern: '^(\\*|null|[a-z][a-z0-9+.-]*://(\\*\\.)?[^/*\\s]+(:\\*)?)$',
          form: 'an origin such as https://app.example.com or https://*.example.com, or *',
        }),
        about(
          "Browser origins that may connect besides this machine's and the same host's, such as " +
            '`https://app.example.com`, or `https://*.example.com` for all hosts below one. `*` lets all ' +
            'pages in.',
          'new',
          [] as never[],
        ),
      ),
    ),
    options: Type.Optional(options),
  },
  CLOSED,
)
