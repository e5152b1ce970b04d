/** Why a router cannot be controlled, or does not do what it was asked: for the operator to mend. */
export class ControlError extends Error {
  override name = 'ControlError'
}
