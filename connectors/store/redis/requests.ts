/**
 * A request in Redis' protocol, as bytes made in one go: the client library would make several strings and
 * buffers an argument, which for batches of thousands of keys costs three times as much.
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RequestBuilder {
  readonly #bytes: Buffer
  #at = 0

  /** @param bytes enough for all: `argumentBytes` of each */
  constructor(name: string, args: number, bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes + argumentBytes(name.length) + overhead)
    this.#size(star, args + 1)
    this.text(name)
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.#size(dollar, length)
    this.#bytes.write(value, this.#at, length)
    this.#end(length)
  }

  /** One argument of two parts. */
  key(prefix: Buffer, key: string): void {
    const length = Buffer.byteLength(key)
    this.#size(dollar, prefix.length + length)
    this.#bytes.set(prefix, this.#at)
    this.#bytes.write(key, this.#at + prefix.length, length)
    this.#end(prefix.length + length)
  }

  /** An argument of that many bytes, which `write` puts there. */
  bytes(length: number, write: (target: Buffer, at: number) => void): void {
    this.#size(dollar, length)
    write(this.#bytes, this.#at)
    this.#end(length)
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #size(mark: number, value: number): void {
    const digits = String(value)
    this.#bytes[this.#at++] = mark
    for (let i = 0; i < digits.length; i++) this.#bytes[this.#at++] = digits.charCodeAt(i)
    this.#end(0)
  }

  #end(length: number): void {
    this.#at += length
    this.#bytes[this.#at++] = 13
    this.#bytes[this.#at++] = 10
  }
}

const star = 0x2a
const dollar = 0x24
/** A mark, at most ten digits, and two line ends. */
const overhead = 15

/** What an argument of that many bytes takes at most. */
export const argumentBytes = (length: number): number => length + overhead
