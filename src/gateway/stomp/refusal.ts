/** A frame that cannot be served: the client gets ERROR with this URI, and the connection ends. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly uri: string

  constructor(uri: string, text: string) {
    super(text)
    this.uri = uri
  }
}
