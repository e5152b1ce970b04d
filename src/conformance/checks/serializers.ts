import { NO_DETAILS } from '../../protocol/messages.ts'
import { Payload } from '../../protocol/payload.ts'
import { SERIALIZERS } from '../../serializer/registry.ts'
import { basic, hold } from '../check.ts'
import { argsOf } from '../probe.ts'
import { isSame, VALUES } from '../values.ts'

export const serializers = SERIALIZERS.map(serializer =>
  basic('serializer', serializer.name, 'Serializers', [
    {
      text: 'a session speaks it, with values of all types',
      async prove(bench) {
        const [publisher, probe] = [await bench.join(serializer), await bench.join(serializer)]
        const topic = bench.uri('topic')
        await probe.subscribe(topic)
        const values = { ...VALUES, bytes: new Uint8Array([0, 1, 127, 128, 255]) }
        for (const [name, value] of Object.entries(values)) {
          await publisher.publish(topic, NO_DETAILS, Payload.of([value]))
          const [arrived] = argsOf(await probe.event())
          hold(isSame(arrived, value), `${name} is not what it was`)
        }
      },
    },
    {
      text: 'what it says is translated for sessions with another serializer, and back',
      async prove(bench) {
        const mine = await bench.join(serializer)
        const others = SERIALIZERS.filter(other => other !== serializer)
        const topic = bench.uri('topic')
        await mine.subscribe(topic)
        for (const other of others) {
          // A router need not speak all.
          const probe = await bench.join(other).catch(() => undefined)
          if (probe === undefined) continue
          await probe.subscribe(topic)
          const value = { text: 'grüß', list: [1, null, 0.5], bytes: new Uint8Array([0, 255]) }
          await mine.publish(topic, NO_DETAILS, Payload.of([value]))
          hold(isSame(argsOf(await probe.event())[0], value), `${other.name} gets something else`)
          await probe.publish(topic, NO_DETAILS, Payload.of([value]))
          hold(
            isSame(argsOf(await mine.event())[0], value),
            `from ${other.name} comes something else`,
          )
          probe.wire.terminate()
        }
      },
    },
  ]),
)
