import Type from 'typebox'
import { about, CLOSED, duration, name, named, SECRET } from '../base/keys.ts'

const otlp = Type.Object(
  {
    endpoint: Type.String({
      pattern: '^https?://[^\\s/?#]+[^\\s?#]*$',
      form: 'a URL such as http://127.0.0.1:4318',
      ...about('The collector; spans are posted to `/v1/traces` below it, as JSON.', 'restart'),
    }),
    headers: Type.Optional(
      named(
        Type.String({ ...SECRET, ...about('Its value.', 'restart') }),
        about('Headers that the collector wants, such as `authorization`.', 'restart', {}),
      ),
    ),
    timeout: Type.Optional(
      duration({
        minimum: 100,
        ...about('How long the collector may take to answer.', 'restart', '10s'),
      }),
    ),
  },
  { ...CLOSED, ...about('Where spans are sent: OTLP over HTTP.', 'restart') },
)

/** `tracing`: without the key there are no spans. */
export const tracing = Type.Object(
  {
    otlp,
    sample_ratio: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        ...about(
          'The share of calls and publications that become spans, where the client has not decided: ' +
            'what its `_traceparent` says goes over it.',
          'restart',
          1,
        ),
      }),
    ),
    service_name: Type.Optional(name(about('`service.name` of the spans.', 'restart', 'wampd'))),
    queue: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        ...about(
          'How many spans may wait to be sent. More are lost, and counted.',
          'restart',
          8192,
        ),
      }),
    ),
    interval: Type.Optional(
      duration({ minimum: 10, ...about('How often they are sent.', 'restart', '5s') }),
    ),
  },
  {
    ...CLOSED,
    ...about('Spans of calls and publications for OpenTelemetry.', 'restart'),
  },
)
