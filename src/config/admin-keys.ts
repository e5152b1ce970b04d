import Type from 'typebox'
import { about, CLOSED, name, SECRET } from '../base/keys.ts'

/** The port of an admin endpoint that names none. */
export const ADMIN_PORT = 9090

const endpoint = Type.Object(
  {
    interface: Type.Optional(
      name(
        about(
          'The address to listen on. Beyond this machine a `token` must be given, and the way there be safe.',
          'restart',
          '127.0.0.1',
        ),
      ),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65535,
        ...about('The port. 0 picks a free one.', 'restart', ADMIN_PORT),
      }),
    ),
  },
  { ...CLOSED, ...about('Where it listens.', 'restart', {}) },
)

/**
 * A token that lets somebody in: what a header can carry (RFC 6750, 2.1), and the page tells from its own
 * places: `#/…`.
 */
export const ADMIN_TOKEN: RegExp = /^[A-Za-z0-9._~+-][A-Za-z0-9._~+/-]{15,}=*$/
export const ADMIN_TOKEN_FORM =
  'a text of 16 letters, digits or ._~+-/ or more, that does not begin with /'

/** `admin`: without the key there is no such endpoint. */
export const admin = Type.Object(
  {
    endpoint: Type.Optional(endpoint),
    token: Type.Optional(
      Type.String({
        ...SECRET,
        pattern: ADMIN_TOKEN.source,
        form: ADMIN_TOKEN_FORM,
        ...about(
          'What lets somebody in, as `Authorization: Bearer TOKEN`. Without the key each start makes ' +
            'one, which `wampd admin` prints.',
          'live',
        ),
      }),
    ),
    open_metrics: Type.Optional(
      Type.Boolean(
        about('`/metrics` asks for no token: whoever reaches the port reads it.', 'live', false),
      ),
    ),
  },
  {
    ...CLOSED,
    ...about(
      'The endpoint for those who run the router: the admin page, `/api`, `/metrics`, `/healthz` and ' +
        '`/readyz`, over HTTP on a port of its own.',
      'restart',
    ),
  },
)
