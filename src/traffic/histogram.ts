/** Upper bounds of the buckets: from the quickest that a router does to the longest that anybody waits for. Seconds. */
export const BOUNDS: readonly number[] = [
  ...[0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
]

/** How often something took how long. To observe costs some comparisons, and no memory. */
export class Histogram {
  /** By bucket: those up to each of BOUNDS but above the one before, and those above the last. */
  readonly counts: Float64Array = new Float64Array(BOUNDS.length + 1)
  /** Seconds, of all together. */
  sum = 0

  observe(seconds: number): void {
    let bucket = 0
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += seconds
  }

  get count(): number {
    return this.counts.reduce((total, count) => total + count, 0)
  }
}
