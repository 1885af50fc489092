/** What a word does to the sentiment of a text. */
export const polarity = { positive: 1, negative: 2, negator: 3, none: 4 } as const

/** Words that turn the polarity of what follows them; apostrophes are left out, as many writers do. */
export const negators: readonly string[] =
  `not no never without hardly barely cannot cant dont doesnt didnt isnt arent wasnt werent wont
  wouldnt couldnt shouldnt havent hasnt hadnt aint neither nor 不 没 别 未 没有`.split(/\s+/)

/** Words in which a negator negates nothing. */
export const innocent: readonly string[] =
  '特别 分别 区别 级别 别人 不仅 不但 不过 不管 不断 不久 没事'.split(' ')

/** Longest Chinese entry, in characters. */
export const maxHanEntry = 4

const offsetBasis = 0x811c9dc5
const prime = 0x01000193

/** FNV-1a, a UTF-16 code unit a step: the hash that words, n-grams and entries of the lexicon share. */
export const step = (hash: number, unit: number): number => Math.imul(hash ^ unit, prime)

export const seed = offsetBasis | 0

/** Hash of an entry, folded as texts are. */
const hashOf = (word: string): number => {
  const folded = word.toLowerCase().replace(/['’]/g, '')
  let hash = seed
  for (let i = 0; i < folded.length; i++) hash = step(hash, folded.charCodeAt(i))
  return hash
}

/** Words with a polarity, found by their hash: open addressing, so that a word that isn't in it costs one read. */
export class Lexicon {
  readonly #hashes: Int32Array
  readonly #polarities: Uint8Array
  readonly #mask: number

  /** Entries are single English words, or Chinese words of up to `maxHanEntry` characters. */
  constructor(
    readonly positive: readonly string[],
    readonly negative: readonly string[],
  ) {
    const entries = positive.length + negative.length + negators.length + innocent.length
    const size = 1 << Math.ceil(Math.log2(8 * entries))
    this.#hashes = new Int32Array(size)
    this.#polarities = new Uint8Array(size)
    this.#mask = size - 1
    for (const word of negators) this.#add(word, polarity.negator)
    for (const word of innocent) this.#add(word, polarity.none)
    for (const word of positive) this.#add(word, polarity.positive)
    for (const word of negative) this.#add(word, polarity.negative)
  }

  #add(word: string, value: number): void {
    const hash = hashOf(word)
    let slot = hash & this.#mask
    while (this.#polarities[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#hashes[slot] = hash
    this.#polarities[slot] = value
  }

  /** The polarity of the word with this hash; 0: none. Of two entries of one word the first counts. */
  get(hash: number): number {
    let slot = hash & this.#mask
    for (;;) {
      const value = this.#polarities[slot] as number
      if (value === 0 || this.#hashes[slot] === hash) return value
      slot = (slot + 1) & this.#mask
    }
  }
}
