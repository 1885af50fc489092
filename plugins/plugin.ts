import type { ZodType } from 'zod'
import type { Contextualised } from '../schemas/generated/events.ts'

/**
 * A plugin: one link of the chain behind the context stage. It sees an utterance with its session and may tag
 * it, annotate it, or answer it. The chain calls plugins by priority, those whose condition holds; the first
 * answer is the reply.
 */
export interface Plugin {
  /** Unique in the chain. */
  readonly name: string
  /** Lower runs earlier. */
  readonly priority: number
  /**
   * A CEL expression over the utterance's fields; undefined: always. It does not hold where it asks for what
   * the utterance lacks, such as a slot that the session doesn't have.
   */
  readonly when: string | undefined
  /** A throw means that the world is at fault: the utterance is tried again. Replays call it again. */
  process(utterance: Contextualised): PluginResult | undefined | Promise<PluginResult | undefined>
}

export interface PluginResult {
  readonly tags?: readonly string[]
  /** By field; the chain puts the plugin's name before it. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly reply?: { readonly text: string; readonly confidence: number }
}

/** What a plugin says about itself; its folder holds one. Configuration may override priority and condition. */
export interface Manifest<Options> {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly priority: number
  readonly when: string | undefined
  readonly options: ZodType<Options>
}
