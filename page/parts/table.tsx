import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { isNarrow } from '../state/theme.ts'

export interface Column<Row> {
  readonly label: string
  /** A track of a CSS grid: `minmax(8rem, 1fr)`. */
  readonly width: string
  readonly isNumber?: boolean
  /** Where it stands where a row is a card; without it, nowhere. */
  readonly card?: 'title' | 'aside' | 'text' | 'more'
  cell(row: Row): ComponentChildren
}

/** Rows that may come later. */
export interface Rows<Row> {
  /** Undefined until it is known. */
  readonly total: number | undefined
  /** Undefined where it is not there yet. */
  at(index: number): Row | undefined
  /** These are shown, the last one not included. */
  want?(first: number, last: number): void
}

interface Shown<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: Rows<Row>
  isSelected?(row: Row): boolean
  isFaulty?(row: Row): boolean
  onOpen?(row: Row): void
  /** What to show where there are no rows. */
  readonly empty: ComponentChildren
  /** Stays at the last row while rows are added. */
  readonly follows?: boolean
}

const ROW = 36
const CARD = 66
/** Rows that are drawn above and below those that are seen. */
const BEYOND = 6

/** A table of any length, of which only the rows that are seen are drawn. Arrow keys go through it. */
export function Table<Row>(shown: Shown<Row>) {
  const { label, columns, rows, isSelected, isFaulty, onOpen, empty, follows = false } = shown
  const scroller = useRef<HTMLDivElement>(null)
  const id = useId()
  const [{ top, height }, see] = useState({ top: 0, height: 600 })
  const [active, setActive] = useState<number | null>(null)
  const rowHeight = isNarrow.value ? CARD : ROW
  const total = rows.total ?? 0
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND)
  const last = Math.min(total, Math.ceil((top + height) / rowHeight) + BEYOND)

  const look = () => {
    const element = scroller.current
    if (element !== null) see({ top: element.scrollTop, height: element.clientHeight })
  }
  useEffect(() => {
    const observer = new ResizeObserver(look)
    observer.observe(scroller.current as HTMLDivElement)
    return () => observer.disconnect()
  }, [])
  useEffect(() => rows.want?.(first, last), [first, last, rows.want])
  useEffect(() => {
    if (follows) scroller.current?.scrollTo({ top: total * rowHeight })
  }, [follows, total])

  const move = (to: number) => {
    const index = Math.min(total - 1, Math.max(0, to))
    setActive(index)
    const element = scroller.current as HTMLDivElement
    const head = isNarrow.value ? 0 : ROW
    const from = index * rowHeight
    const room = element.clientHeight - head
    if (from < element.scrollTop) element.scrollTop = from
    else if (from + rowHeight > element.scrollTop + room) {
      element.scrollTop = from + rowHeight - room
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || total === 0) return
    const page = Math.max(1, Math.floor(height / rowHeight) - 2)
    const at = active ?? -1
    const steps: Record<string, number> = {
      ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
      ...{ Home: 0, End: total - 1 },
    }
    const row = active === null ? undefined : rows.at(active)
    if (event.key in steps) move(steps[event.key] as number)
    else if (event.key === 'Enter' && row !== undefined) onOpen?.(row)
    else return
    event.preventDefault()
  }

  const indices = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i)
  const template = columns.map(({ width }) => width).join(' ')
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that are not drawn have no place in a <table>
    <div
      class="table card"
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-busy={rows.total === undefined}
      aria-activedescendant={active === null ? undefined : `${id}-${active}`}
      tabIndex={0}
      onScroll={look}
      onKeyDown={onKeyDown}
      onFocus={() => active === null && total > 0 && setActive(first === 0 ? 0 : first + BEYOND)}
      style={{ '--columns': template, '--least': leastOf(columns) }}
    >
      {/* biome-ignore lint/a11y: as above */}
      <div class="row head" role="row" aria-rowindex={1}>
        {columns.map(({ label, isNumber = false }) => (
          // biome-ignore lint/a11y: as above
          <span class={isNumber ? 'cell number' : 'cell'} role="columnheader" key={label}>
            {label}
          </span>
        ))}
      </div>
      {total === 0 ? (
        <EmptyRow isLoading={rows.total === undefined} empty={empty} />
      ) : (
        // biome-ignore lint/a11y: as above
        <div class="rows" role="rowgroup" style={{ height: `${total * rowHeight}px` }}>
          {indices.map(index => {
            const row = rows.at(index)
            const states = [
              ...(row !== undefined && isSelected?.(row) ? ['selected'] : []),
              ...(row !== undefined && isFaulty?.(row) ? ['faulty'] : []),
              ...(index === active ? ['active'] : []),
              ...(onOpen === undefined ? [] : ['opens']),
            ]
            return (
              // biome-ignore lint/a11y: keys are taken by the table
              <div
                class={`row ${states.join(' ')}`}
                role="row"
                key={index}
                id={`${id}-${index}`}
                aria-rowindex={index + 2}
                aria-selected={row !== undefined && isSelected?.(row) === true}
                style={{
                  transform: `translateY(${index * rowHeight}px)`,
                  height: `${rowHeight}px`,
                }}
                onClick={event => {
                  setActive(index)
                  const isLink = (event.target as Element).closest('a, button') !== null
                  if (row !== undefined && !isLink) onOpen?.(row)
                }}
              >
                {row === undefined ? (
                  // biome-ignore lint/a11y: as above
                  <span class="cell waiting" role="gridcell" data-card="title">
                    <i class="bone" />
                    <span class="unseen">loading</span>
                  </span>
                ) : (
                  columns.map(({ label, isNumber = false, card, cell }) => (
                    // biome-ignore lint/a11y: as above
                    <span
                      class={isNumber ? 'cell number' : 'cell'}
                      role="gridcell"
                      data-card={card}
                      data-label={label}
                      key={label}
                    >
                      {cell(row)}
                    </span>
                  ))
                )}
              </div>
            )
          })}
        </div>
      )}
    </div>
  )
}

function EmptyRow({ isLoading, empty }: { isLoading: boolean; empty: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y: as above
    <div class="empty" role="row">
      {/* biome-ignore lint/a11y: as above */}
      <div role="gridcell">
        {isLoading ? (
          <>
            <i class="bone" />
            <i class="bone" />
            <i class="bone" />
            <span class="unseen">loading</span>
          </>
        ) : (
          empty
        )}
      </div>
    </div>
  )
}

/** The least width of a row: that of all tracks and of what is between them. */
function leastOf(columns: readonly { width: string }[]): string {
  const tracks = columns.map(({ width }) => /[\d.]+rem/.exec(width)?.[0] ?? '0rem')
  return `calc(${tracks.join(' + ')} + ${columns.length - 1} * var(--gap) + 2 * var(--edge))`
}

/** Rows that are all there. */
export function rowsOf<Row>(all: readonly Row[] | undefined): Rows<Row> {
  return { total: all?.length, at: index => all?.[index] }
}
