/** What a client wants to read, by the header Accept (RFC 9110, 12.5.1). */
export class Accept {
  readonly #ranges: readonly { readonly range: string; readonly isRefused: boolean }[]

  constructor(header: string | undefined) {
    this.#ranges = (header ?? '')
      .toLowerCase()
      .split(',')
      .map(one => one.trim())
      .filter(one => one !== '')
      .map(one => {
        const [range = '', ...parameters] = one.split(';').map(part => part.trim())
        return { range, isRefused: parameters.some(part => /^q=0(?:\.0{0,3})?$/.test(part)) }
      })
  }

  /** It is asked for by its own name. */
  names(type: string): boolean {
    return this.#ranges.some(({ range, isRefused }) => range === type && !isRefused)
  }

  /** It may come; the closest range decides. */
  takes(type: string): boolean {
    if (this.#ranges.length === 0) return true
    const [name = ''] = type.split(';')
    const [kind] = name.split('/')
    for (const wanted of [name, `${kind}/*`, '*/*']) {
      const found = this.#ranges.find(({ range }) => range === wanted)
      if (found !== undefined) return !found.isRefused
    }
    return false
  }
}
