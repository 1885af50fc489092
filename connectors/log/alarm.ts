/** Ends a wait early. A ring before the wait counts, until the next reset. */
export class Alarm {
  #rung = false
  #wake = () => {}

  reset(): void {
    this.#rung = false
  }

  ring(): void {
    this.#rung = true
    this.#wake()
  }

  async wait(ms: number): Promise<void> {
    if (this.#rung || ms <= 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
