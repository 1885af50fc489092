import type { Contextualised } from '../schemas/generated/events.ts'

/**
 * A plugin: one link of the chain behind the context stage. It sees an utterance with its session and may tag
 * it, annotate it, or answer it. The chain calls plugins by priority, those whose condition holds; the first
 * answer is the reply.
 */
export interface Plugin {
  readonly name: string
  /** Lower runs earlier. */
  readonly priority: number
  /** A CEL expression over the utterance's fields; undefined: always. */
  readonly when: string | undefined
  process(utterance: Contextualised): PluginResult | undefined | Promise<PluginResult | undefined>
}

export interface PluginResult {
  readonly tags?: readonly string[]
  /** By field; the chain puts the plugin's name before it. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly reply?: { readonly text: string; readonly confidence: number }
}
