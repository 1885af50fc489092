import { closest } from 'fastest-levenshtein'
import { z } from 'zod'
import { faq } from './faq/faq.ts'
import { manifest as faqManifest } from './faq/manifest.ts'
import type { Manifest, Plugin } from './plugin.ts'
import { manifest as sentimentManifest } from './sentiment/manifest.ts'
import { sentiment } from './sentiment/sentiment.ts'

/** A plugin as the configuration names it; priority and condition override the manifest's. */
export interface PluginEntry {
  readonly name: string
  readonly priority?: number | undefined
  readonly when?: string | undefined
  readonly options?: Readonly<Record<string, unknown>> | undefined
}

type Load = (options: unknown, intents: readonly string[]) => Plugin | Promise<Plugin>

const builtIns: Readonly<Record<string, Load>> = {
  faq: (options, intents) => faq(check(faqManifest, options), intents),
  sentiment: (options) => {
    check(sentimentManifest, options)
    return sentiment()
  },
}

/**
 * Makes the plugins that the configuration names.
 * @param intents every intent that the model knows
 * @throws for a name that isn't a built-in plugin's, and for options that don't fit, naming the plugin
 */
export const loadPlugins = (entries: readonly PluginEntry[], intents: readonly string[]): Promise<Plugin[]> =>
  Promise.all(
    entries.map(async ({ name, priority, when, options = {} }) => {
      const load = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined
      if (!load)
        throw new Error(`there is no plugin "${name}" (nearest: ${closest(name, Object.keys(builtIns))})`)
      const plugin = await load(options, intents)
      return { ...plugin, priority: priority ?? plugin.priority, when: when ?? plugin.when }
    }),
  )

function check<Options>({ name, options }: Manifest<Options>, given: unknown): Options {
  const { success, data, error } = options.safeParse(given)
  if (success) return data
  throw new Error(`the options of plugin "${name}" don't fit: ${z.prettifyError(error)}`)
}
