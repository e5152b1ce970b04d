/** Progressive results on their way to whoever reads them; what is not read yet is kept. */
export class Progress implements AsyncIterator<unknown> {
  readonly #values: unknown[] = []
  readonly #controller = new AbortController()
  /** Those who wait for a value. */
  readonly #readers: {
    resolve(next: IteratorResult<unknown>): void
    reject(error: unknown): void
  }[] = []
  #outcome: 'open' | 'ended' | { readonly failed: unknown } = 'open'

  /** Aborted when the reader wants no more. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  add(value: unknown): void {
    const reader = this.#readers.shift()
    if (reader === undefined) this.#values.push(value)
    else reader.resolve({ value, done: false })
  }

  end(): void {
    this.#outcome = 'ended'
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true })
  }

  fail(error: unknown): void {
    this.#outcome = { failed: error }
    for (const reader of this.#readers.splice(0)) reader.reject(error)
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#values.length > 0) {
      return Promise.resolve({ value: this.#values.shift(), done: false })
    }
    const outcome = this.#outcome
    if (outcome === 'ended') return Promise.resolve({ value: undefined, done: true })
    if (outcome !== 'open') return Promise.reject(outcome.failed)
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#values.length = 0
    if (this.#outcome === 'open') this.#controller.abort()
    return Promise.resolve({ value: undefined, done: true })
  }
}
