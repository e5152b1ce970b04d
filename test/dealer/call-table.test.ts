import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { CALL_TABLE, type CallEvent, MESSAGE } from '../../src/dealer/call-table.ts'

const states = Object.keys(CALL_TABLE) as (keyof typeof CALL_TABLE)[]

describe('the table of a call', () => {
  it('ends the call wherever the caller hears an outcome, and only there', () => {
    for (const state of states) {
      for (const [event, step] of Object.entries(CALL_TABLE[state])) {
        const isOutcome = step.caller !== null && event !== 'YIELD, progress'
        if (isOutcome) expect(step.next, event).equal('over')
        else if (step.next === 'over') expect(event).match(/caller leaves|not allowed/)
      }
    }
  })

  it('interrupts a callee once at most, and none that has no call', () => {
    for (const state of ['waiting', 'killed'] as const) {
      for (const step of Object.values(CALL_TABLE[state])) expect(step.interrupt).equal(null)
    }
  })

  it('lets every state end by a CANCEL, by the timeout, and when an end leaves', () => {
    const ends: CallEvent[] = ['CANCEL skip', 'CANCEL killnowait', 'timeout', 'caller leaves']
    for (const state of states) {
      for (const event of ends) expect(CALL_TABLE[state][event]?.next).equal('over')
      if (state !== 'waiting') expect(CALL_TABLE[state]['callee leaves']?.next).equal('over')
    }
  })

  it('stands in the documents as it is', () => {
    const document = readFileSync('docs/rpc.md', 'utf8')
    const events = new Set(states.flatMap(state => Object.keys(CALL_TABLE[state]) as CallEvent[]))
    for (const event of events) {
      const cells = states.map(state => cell(event, state))
      expect(document).include(`| ${[event, ...cells].join(' | ')} |`)
    }
  })
})

/** What a cell of the table in the documents says. */
function cell(event: CallEvent, state: keyof typeof CALL_TABLE): string {
  const step = CALL_TABLE[state][event]
  if (step === undefined) return '–'
  const parts = [step.next as string]
  if (step.caller === MESSAGE) parts.push('caller: message')
  else if (step.caller !== null) parts.push(`caller: \`${step.caller}\``)
  if (step.interrupt !== null) parts.push(`callee: INTERRUPT ${step.interrupt}`)
  return parts.join('; ')
}
