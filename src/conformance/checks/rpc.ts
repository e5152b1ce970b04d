import {
  CALL,
  CANCEL,
  GOODBYE,
  INTERRUPT,
  NO_DETAILS,
  REGISTER,
  RESULT,
  UNREGISTER,
  UNREGISTERED,
} from '../../protocol/messages.ts'
import { type Dict, Payload } from '../../protocol/payload.ts'
import { advanced, type Bench, basic, hold, unprovable } from '../check.ts'
import { argsOf, nameOf, SENDS_PARTS } from '../probe.ts'
import { isSame, VALUES } from '../values.ts'

/** A caller, and a callee that has registered a procedure. */
async function pair(bench: Bench, options?: Dict) {
  const [caller, callee] = [await bench.join(), await bench.join()]
  const procedure = bench.uri('procedure')
  const registration = await callee.register(procedure, options)
  return { caller, callee, procedure, registration }
}

/** Several callees of one procedure, each of which answers with its number. */
async function shared(bench: Bench, invoke: string, count = 3) {
  const caller = await bench.join()
  const procedure = bench.uri('shared')
  for (let i = 0; i < count; i++) {
    const callee = await bench.join()
    await callee.register(procedure, { invoke })
    callee.serve(invocation => callee.yield(invocation, [i]))
  }
  /** Which callee gets the next call. */
  const next = async () => Number((await caller.result(procedure))[0])
  return { next }
}

/** A way to choose among callees that takes always the same one. */
function always(invoke: string, wanted: number) {
  return {
    text: `invoke: ${invoke} takes the ${invoke} of those who registered`,
    async prove(bench: Bench) {
      const { next } = await shared(bench, invoke)
      for (let i = 0; i < 3; i++) {
        const taken = await next()
        hold(taken === wanted, `call ${i + 1} went to callee ${taken + 1}`)
      }
    },
  }
}

/** A cancellation: whether the callee is interrupted, and who ends the call. */
function cancellation(mode: string, interrupts: boolean, calleeAnswers: boolean) {
  return {
    text:
      `mode ${mode} ${interrupts ? 'interrupts the callee' : 'leaves the callee alone'}, and ` +
      `${calleeAnswers ? 'its answer ends' : 'ends at once'} the call`,
    async prove(bench: Bench) {
      const { caller, callee, procedure } = await pair(bench)
      const request = caller.call(procedure)
      const invocation = await callee.invocation()
      caller.send({ type: CANCEL, request, options: { mode } })
      if (interrupts) {
        const interrupt = await callee.take(INTERRUPT)
        hold(interrupt.request === invocation.request, 'INTERRUPT is for another invocation')
      }
      if (calleeAnswers) callee.fail(invocation, 'wamp.error.canceled')
      await caller.refusal(request, 'wamp.error.canceled')
      if (!interrupts) await callee.silence('CANCEL skip')
    },
  }
}

export const rpc = [
  basic('dealer', 'registering and calling', 'Calling and Invocations', [
    {
      text: 'a call goes to the callee, and its result to the caller, with args and kwargs',
      async prove(bench) {
        const { caller, callee, procedure, registration } = await pair(bench)
        const payload = Payload.of([1, 'two'], { three: 3 })
        const request = caller.call(procedure, NO_DETAILS, payload)
        const invocation = await callee.invocation()
        hold(invocation.registration === registration, 'the registration is another')
        const { args, kwargs } = invocation.payload.open()
        hold(isSame(args, [1, 'two']) && isSame(kwargs, { three: 3 }), 'the payload is another')
        callee.yield(invocation, ['done'])
        const result = await caller.take(RESULT)
        hold(result.request === request, 'RESULT is for another call')
        hold(isSame(argsOf(result), ['done']), 'the result is another')
      },
    },
    {
      text: 'invocations of a session count 1, 2, 3',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        for (let i = 1; i <= 3; i++) {
          caller.call(procedure)
          const { request } = await callee.invocation()
          hold(request === i, `invocation ${i} has the id ${request}`)
        }
      },
    },
    {
      text: 'an error of the callee comes to the caller as it is',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure)
        const error = bench.uri('error')
        callee.fail(await callee.invocation(), error, ['why'])
        const answer = await caller.refusal(request, error)
        hold(isSame(argsOf(answer), ['why']), 'the args are others')
      },
    },
    {
      text: 'answers find their calls, in whatever order they come',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const requests = [0, 1, 2].map(i => caller.call(procedure, NO_DETAILS, Payload.of([i])))
        const invocations = []
        for (const _ of requests) invocations.push(await callee.invocation())
        for (const one of invocations.reverse()) callee.yield(one, argsOf(one))
        for (const [i, request] of requests.entries()) {
          const answer = await caller.answer(request)
          hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
          hold(isSame(argsOf(answer), [i]), `call ${i + 1} got the answer to another`)
        }
      },
    },
    {
      text: 'a session may call its own procedures',
      async prove(bench) {
        const probe = await bench.join()
        const procedure = bench.uri('own')
        await probe.register(procedure)
        const request = probe.call(procedure)
        probe.yield(await probe.invocation(), [1])
        const answer = await probe.answer(request)
        hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
      },
    },
    {
      text: 'a call of no procedure is wamp.error.no_such_procedure',
      async prove(bench) {
        const caller = await bench.join()
        await caller.refusal(caller.call(bench.uri('nobody')), 'wamp.error.no_such_procedure')
      },
    },
    {
      text: 'a procedure is registered once: wamp.error.procedure_already_exists',
      async prove(bench) {
        const { caller, procedure } = await pair(bench)
        const request = caller.next()
        caller.send({ type: REGISTER, request, options: NO_DETAILS, procedure })
        await caller.refusal(request, 'wamp.error.procedure_already_exists')
      },
    },
    {
      text: 'after UNREGISTERED the procedure is there no more',
      async prove(bench) {
        const { caller, callee, procedure, registration } = await pair(bench)
        const request = callee.next()
        callee.send({ type: UNREGISTER, request, registration })
        const answer = await callee.answer(request)
        hold(answer.type === UNREGISTERED, `${nameOf(answer)} came, not UNREGISTERED`)
        await caller.refusal(caller.call(procedure), 'wamp.error.no_such_procedure')
      },
    },
    {
      text: 'UNREGISTER of no registration is wamp.error.no_such_registration',
      async prove(bench) {
        const probe = await bench.join()
        const request = probe.next()
        probe.send({ type: UNREGISTER, request, registration: 2 ** 52 + 1 })
        await probe.refusal(request, 'wamp.error.no_such_registration')
      },
    },
    {
      text: 'a call is answered with an error when its callee leaves',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure)
        await callee.invocation()
        callee.send({ type: GOODBYE, details: NO_DETAILS, reason: 'wamp.close.close_realm' })
        await caller.refusal(request)
      },
    },
    {
      text: 'a call is answered with an error when its callee’s connection breaks',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure)
        await callee.invocation()
        callee.wire.terminate()
        await caller.refusal(request)
      },
    },
    {
      text: 'values arrive as they were sent, there and back',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        for (const [name, value] of Object.entries(VALUES)) {
          const request = caller.call(procedure, NO_DETAILS, Payload.of([value]))
          const invocation = await callee.invocation()
          hold(isSame(argsOf(invocation), [value]), `${name} is not what it was`)
          callee.yield(invocation, argsOf(invocation))
          const answer = await caller.answer(request)
          hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
          hold(isSame(argsOf(answer), [value]), `${name} is not what it was on the way back`)
        }
      },
    },
  ]),
  basic('dealer', 'URIs of procedures', 'URIs', [
    ...['', 'a..b', 'a b', 'a.#'].map(procedure => ({
      text: `"${procedure}" is no procedure: wamp.error.invalid_uri`,
      async prove(bench: Bench) {
        const probe = await bench.join()
        const request = probe.next()
        probe.send({ type: REGISTER, request, options: NO_DETAILS, procedure })
        await probe.refusal(request, 'wamp.error.invalid_uri')
      },
    })),
    {
      text: 'nobody registers below wamp.',
      async prove(bench) {
        const probe = await bench.join()
        const request = probe.next()
        const procedure = 'wamp.conformance.procedure'
        probe.send({ type: REGISTER, request, options: NO_DETAILS, procedure })
        await probe.refusal(request, 'wamp.error.invalid_uri', 'wamp.error.not_authorized')
      },
    },
  ]),
  advanced('dealer', 'call_canceling', 'Call Canceling', [
    cancellation('skip', false, false),
    cancellation('killnowait', true, false),
    cancellation('kill', true, true),
    {
      text: 'CANCEL of a call that is over is ignored',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure)
        callee.yield(await callee.invocation())
        await caller.answer(request)
        caller.send({ type: CANCEL, request, options: { mode: 'kill' } })
        await caller.silence('CANCEL of a call that is over')
        await callee.silence('CANCEL of a call that is over')
      },
    },
  ]),
  advanced('dealer', 'call_timeout', 'Call Timeouts', [
    {
      text: 'a call ends with wamp.error.timeout when its time is over, and the callee is interrupted',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure, { timeout: 200 })
        await callee.invocation()
        await caller.refusal(request, 'wamp.error.timeout', 'wamp.error.canceled')
        await callee.take(INTERRUPT)
      },
    },
    {
      text: 'a call that is answered in time is not touched',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const request = caller.call(procedure, { timeout: 2000 })
        callee.yield(await callee.invocation())
        const answer = await caller.answer(request)
        hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
      },
    },
  ]),
  advanced('dealer', 'caller_identification', 'Caller Identification', [
    {
      text: 'with disclose_me the invocation tells the caller’s session',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        caller.call(procedure, { disclose_me: true })
        const { caller: told } = (await callee.invocation()).details
        hold(isSame(told, caller.session), `caller is ${String(told)}`)
      },
    },
    {
      text: 'without it the invocation tells nothing',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        caller.call(procedure)
        const { caller: told } = (await callee.invocation()).details
        hold(told === undefined || told === null, 'caller is there')
      },
    },
  ]),
  advanced('dealer', 'pattern_based_registration', 'Pattern-based Registration', [
    {
      text: 'a prefix and a wildcard serve what they meet, and are told which',
      async prove(bench) {
        const base = bench.uri('pattern')
        for (const [uri, match] of [
          [`${base}.a`, 'prefix'],
          [`${base}..c`, 'wildcard'],
        ] as const) {
          const [caller, callee] = [await bench.join(), await bench.join()]
          await callee.register(uri, { match })
          const called = match === 'prefix' ? `${base}.a.b` : `${base}.b.c`
          caller.call(called)
          const { procedure } = (await callee.invocation()).details
          hold(procedure === called, `details.procedure is ${String(procedure)}`)
        }
      },
    },
    {
      text: 'exact goes before prefix, a longer prefix before a shorter, prefix before wildcard',
      async prove(bench) {
        const caller = await bench.join()
        const base = bench.uri('order')
        const ways = [
          [`${base}..c`, 'wildcard'],
          [`${base}.b`, 'prefix'],
          [`${base}.b.c`, 'prefix'],
          [`${base}.b.c`, 'exact'],
        ] as const
        for (const [uri, match] of ways) {
          const callee = await bench.join()
          await callee.register(uri, { match })
          const request = caller.call(`${base}.b.c`)
          const invocation = await callee.invocation()
          callee.yield(invocation)
          await caller.answer(request)
        }
      },
    },
  ]),
  advanced('dealer', 'progressive_call_results', 'Progressive Call Results', [
    {
      text: 'partial results come before the last, in order, where they are asked for',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        caller.call(procedure, { receive_progress: true })
        const invocation = await callee.invocation()
        hold(invocation.details.receive_progress === true, 'the callee is not told to send them')
        for (const i of [1, 2]) callee.yield(invocation, [i], { progress: true })
        callee.yield(invocation, [3])
        for (const i of [1, 2, 3]) {
          const result = await caller.take(RESULT)
          hold(isSame(argsOf(result), [i]), `result ${i} is another`)
          hold((result.details.progress === true) === i < 3, `progress of result ${i} is wrong`)
        }
      },
    },
  ]),
  advanced('dealer', 'progressive_call_invocations', 'Progressive Call Invocations', [
    {
      text: 'further parts of a call go to the same invocation',
      async prove(bench) {
        const callee = await bench.join()
        const caller = await bench.join(bench.serializer, SENDS_PARTS)
        const procedure = bench.uri('parts')
        await callee.register(procedure)
        const request = caller.next()
        for (const [i, progress] of [true, true, false].entries()) {
          const payload = Payload.of([i])
          caller.send({ type: CALL, request, options: { progress }, procedure, payload })
        }
        const parts = [
          await callee.invocation(),
          await callee.invocation(),
          await callee.invocation(),
        ]
        const [first] = parts as [(typeof parts)[0]]
        for (const [i, part] of parts.entries()) {
          hold(part.request === first.request, `part ${i + 1} is another invocation`)
          hold(isSame(argsOf(part), [i]), `part ${i + 1} has another payload`)
          hold((part.details.progress === true) === i < 2, `progress of part ${i + 1} is wrong`)
        }
        callee.yield(first, ['all'])
        const answer = await caller.answer(request)
        hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
      },
    },
  ]),
  advanced('dealer', 'shared_registration', 'Shared Registration', [
    always('first', 0),
    always('last', 2),
    {
      text: 'invoke: roundrobin takes one after the other',
      async prove(bench) {
        const { next } = await shared(bench, 'roundrobin')
        const taken = [await next(), await next(), await next(), await next()]
        const isRound = new Set(taken.slice(0, 3)).size === 3 && taken[3] === taken[0]
        hold(isRound, `calls went to callees ${taken.map(i => i + 1).join(', ')}`)
      },
    },
    {
      text: 'invoke: random takes each at some time',
      async prove(bench) {
        const { next } = await shared(bench, 'random', 2)
        const taken = new Set<number>()
        // That one of two is never taken in 40 calls has a chance of 2 in 10^12.
        for (let i = 0; i < 40 && taken.size < 2; i++) taken.add(await next())
        hold(taken.size === 2, 'all of 40 calls went to one callee')
      },
    },
    {
      text: 'another way of invoking does not share: wamp.error.procedure_already_exists',
      async prove(bench) {
        const { caller, procedure } = await pair(bench, { invoke: 'roundrobin' })
        const request = caller.next()
        caller.send({ type: REGISTER, request, options: { invoke: 'random' }, procedure })
        await caller.refusal(
          request,
          'wamp.error.procedure_already_exists',
          'wamp.error.procedure_exists_with_different_invocation_policy',
        )
      },
    },
  ]),
  advanced('dealer', 'call_reroute', 'Call Rerouting', [
    {
      text: 'a callee that is unavailable has its call given to another',
      async prove(bench) {
        const caller = await bench.join()
        const procedure = bench.uri('rerouted')
        let tried = 0
        for (const _ of [1, 2]) {
          const callee = await bench.join()
          await callee.register(procedure, { invoke: 'roundrobin' })
          callee.serve(invocation => {
            if (++tried === 1) callee.fail(invocation, 'wamp.error.unavailable')
            else callee.yield(invocation)
          })
        }
        await caller.result(procedure)
        hold(tried === 2, 'no other callee was asked')
      },
    },
  ]),
  advanced('dealer', 'payload_passthru_mode', 'Payload Passthru Mode', [
    {
      text: 'INVOCATION and RESULT say of the payload what CALL and YIELD did',
      async prove(bench) {
        const { caller, callee, procedure } = await pair(bench)
        const ppt = { ppt_scheme: 'x_conformance', ppt_serializer: 'native' }
        const request = caller.call(procedure, ppt, Payload.of(['opaque']))
        const invocation = await callee.invocation()
        hold(invocation.details.ppt_scheme === ppt.ppt_scheme, 'INVOCATION lacks ppt_scheme')
        callee.yield(invocation, ['opaque'], ppt)
        const answer = await caller.answer(request)
        hold(answer.type === RESULT, `${nameOf(answer)} came, not RESULT`)
        hold(answer.details.ppt_scheme === ppt.ppt_scheme, 'RESULT lacks ppt_scheme')
      },
    },
  ]),
  advanced('dealer', 'call_trustlevels', 'Call Trust Levels', [
    unprovable('levels are a matter of configuration'),
  ]),
  advanced('dealer', 'registration_revocation', 'Registration Revocation', [
    unprovable('no message of a client revokes one by the specification'),
  ]),
]
