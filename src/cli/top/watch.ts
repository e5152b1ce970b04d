import { setTimeout as pause } from 'node:timers/promises'
import type { Api } from '../../admin/client.ts'
import { ControlError } from '../../control/control-error.ts'
import { type Figures, figuresOf, isAnother, sampleOf } from './sample.ts'
import { openScreen } from './screen.ts'
import { SORTS, type Sort, sortsText } from './sorts.ts'
import { type Line, linesOf } from './text.ts'

/** Draws figures on the terminal until somebody leaves. A router that is gone may come back. */
export async function watch(api: Api, interval: number, firstSort: Sort): Promise<void> {
  let sort = firstSort
  let figures: Figures | undefined
  let trouble: string | undefined
  const left = new AbortController()
  // Where there is no router, that is all there is to say.
  let before = await sampleOf(api)
  let start = before
  const screen = openScreen(onKey, draw)

  function onKey(key: string): void {
    if (['q', 'escape', 'ctrl-c', 'ctrl-d'].includes(key)) left.abort()
    else if (Object.hasOwn(SORTS, key)) {
      sort = SORTS[key as keyof typeof SORTS]
      draw()
    }
  }

  function draw(): void {
    const { width, height } = screen
    const last: Line =
      trouble === undefined
        ? { text: `every ${interval} s; q ends; order: ${sortsText()}`, style: 'dim' }
        : { text: trouble, style: 'yellow' }
    const lines =
      figures === undefined
        ? [{ text: 'looking …' }]
        : linesOf(figures, { sort, width, height: height - 2 })
    screen.draw(
      [...lines, { text: '' }, { ...last, text: last.text.slice(0, width) }].slice(-height),
    )
  }

  async function look(): Promise<void> {
    const after = await sampleOf(api)
    trouble = undefined
    if (isAnother(before, after)) start = after
    else figures = figuresOf(before, after, start)
    before = after
  }

  try {
    while (!left.signal.aborted) {
      draw()
      await pause(interval * 1000, undefined, { signal: left.signal }).catch(() => {})
      if (left.signal.aborted) break
      await look().catch(error => {
        if (!(error instanceof ControlError)) throw error
        trouble = `${error.message}; trying again`
      })
    }
  } finally {
    screen.close()
  }
}
