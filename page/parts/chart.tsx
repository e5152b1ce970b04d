import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { isDark } from '../state/theme.ts'
import { clockTime } from './format.ts'

export interface Line {
  readonly label: string
  /** A colour of the stylesheet: `--in`. */
  readonly color: string
  readonly values: readonly (number | null)[]
}

interface Shown {
  readonly title: string
  /** Times of the values, the oldest first. Milliseconds since 1970. */
  readonly times: readonly number[]
  /** How much time is drawn. Milliseconds. */
  readonly span: number
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** What to say where nothing was measured. */
  readonly empty?: string
}

const HEIGHT = 148

/** Lines over time. What is pointed at is told in the legend, else what is latest. */
export function Chart({ title, times, span, lines, format, empty }: Shown) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const [pointed, point] = useState<number | null>(null)
  const dark = isDark()
  const isEmpty = lines.every(({ values }) => values.every(value => value === null))

  useEffect(() => {
    const element = place.current as HTMLDivElement
    const width = () => Math.max(120, element.clientWidth)
    const made = new uPlot(
      optionsOf(element, width(), lines, format, point),
      [[], ...lines.map(() => [])],
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: width(), height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [dark])

  useEffect(() => {
    const end = (times.at(-1) ?? Date.now()) / 1000
    const data = [times.map(time => time / 1000), ...lines.map(({ values }) => values)]
    plot.current?.setData(data as uPlot.AlignedData, false)
    // What has just begun fills the chart, once there is a minute of it.
    const begin = Math.min(times[0] === undefined ? end : times[0] / 1000, end - 60)
    plot.current?.setScale('x', { min: Math.max(begin, end - span / 1000), max: end })
  }, [times, lines, span, dark])

  const at = pointed ?? times.length - 1
  const texts = lines.map(({ label, values }) => {
    const value = values[at]
    return { label, text: value === null || value === undefined ? '–' : format(value) }
  })
  const said = texts.map(({ label, text }) => `${label} ${text}`).join(', ')
  return (
    <figure class="chart card">
      <figcaption>
        <h3>{title}</h3>
        <span class="chart-time">
          {pointed !== null && times[at] !== undefined ? clockTime(times[at]) : ''}
        </span>
        <span class="legend">
          {texts.map(({ label, text }, i) => (
            <span class={`key ${lines[i]?.color.slice(2)}`} key={label}>
              {label} <b>{text}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}, latest: ${said}`} />
      {isEmpty && <p class="plot-empty">{empty ?? 'Waiting for the first figures …'}</p>}
    </figure>
  )
}

function optionsOf(
  element: HTMLElement,
  width: number,
  lines: readonly Line[],
  format: (value: number) => string,
  point: (at: number | null) => void,
): uPlot.Options {
  const color = (name: string) => colorOf(element, name)
  const axis: uPlot.Axis = {
    stroke: color('--soft'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height: HEIGHT,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'overview' },
      drag: { x: false, y: false },
      y: false,
      points: { size: 6 },
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, max) => [0, (max || 0) > 0 ? max * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        gap: 10,
        space: 70,
        values: (_, at) => at.map(timeOf),
      },
      { ...axis, size: 62, space: 36, values: (_, at) => at.map(value => format(value)) },
    ],
    series: [
      {},
      ...lines.map(({ label, color: name }) => ({
        label,
        stroke: color(name),
        width: 1.5,
        fill: color(`${name}-area`),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => point(idx ?? null)] },
  }
}

const timeOf = (seconds: number): string => clockTime(seconds * 1000).slice(0, 8)

/** What a colour of the stylesheet is now, as a canvas takes it. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
