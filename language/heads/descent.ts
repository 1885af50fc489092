/** A function's value and gradient somewhere. */
export interface Look {
  readonly loss: number
  readonly gradient: Float64Array
}

interface Move {
  readonly step: Float64Array
  readonly turn: Float64Array
  /** 1 / (step · turn) */
  readonly weight: number
}

/** So many moves tell the curvature. */
const memory = 10
const halvings = 20

/** Descent by L-BFGS (Liu and Nocedal, 1989), with halved steps where a step does not gain enough (Armijo). */
export class Descent {
  readonly #moves: Move[] = []

  /** @param point where to begin, and after each step where it is */
  constructor(
    public point: Float64Array,
    private look: Look,
  ) {}

  /** The largest element of the gradient. */
  get steepest(): number {
    return this.look.gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
  }

  /** @returns false where no step gains anything */
  async step(lookAt: (point: Float64Array) => Promise<Look>): Promise<boolean> {
    const { loss, gradient } = this.look
    const direction = this.#direction()
    const slope = dot(direction, gradient)
    // The first step has no curvature to go by
    let length = this.#moves.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1
    for (let i = 0; i < halvings; i++, length /= 2) {
      const next = this.point.map((value, at) => value + length * (direction[at] as number))
      const look = await lookAt(next)
      if (!(look.loss <= loss + 1e-4 * length * slope)) continue
      this.#remember(next, look)
      this.point = next
      this.look = look
      return true
    }
    return false
  }

  #remember(next: Float64Array, { gradient }: Look): void {
    const step = next.map((value, at) => value - (this.point[at] as number))
    const turn = gradient.map((slope, at) => slope - (this.look.gradient[at] as number))
    const product = dot(step, turn)
    if (product <= 1e-12) return
    this.#moves.push({ step, turn, weight: 1 / product })
    if (this.#moves.length > memory) this.#moves.shift()
  }

  #direction(): Float64Array {
    const direction = this.look.gradient.map((slope) => -slope)
    const shares = this.#moves.toReversed().map(({ step, turn, weight }) => {
      const share = weight * dot(step, direction)
      add(direction, -share, turn)
      return share
    })
    const last = this.#moves.at(-1)
    if (last) scale(direction, 1 / (last.weight * dot(last.turn, last.turn)))
    for (const [i, { step, turn, weight }] of this.#moves.entries()) {
      const share = shares[shares.length - 1 - i] as number
      add(direction, share - weight * dot(turn, direction), step)
    }
    return direction
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function add(to: Float64Array, times: number, what: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * (what[i] as number)
}

function scale(values: Float64Array, by: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= by
}
