import { languageSettings } from '../config/language.ts'
import type { Config } from '../config.ts'
import { openLanguage, taughtIntents } from '../language/language.ts'
import { signalsOf } from '../language/signals/signals.ts'
import { loadPlugins } from '../plugins/host.ts'
import { utterances } from '../schemas/topics.ts'
import { cleaning } from './cleaning/cleaning.ts'
import { context } from './context/context.ts'
import { utteranceIntake } from './ingest/intake.ts'
import { intent } from './intent/intent.ts'
import { chain } from './plugins/plugins.ts'
import { inputTopics } from './runtime/chain.ts'
import type { Processor } from './runtime/processor.ts'
import { type Topology, topology } from './runtime/topology.ts'
import type { Stage } from './stage.ts'

/**
 * The whole of Murmur on one screen. An utterance passes the stages from top to bottom:
 *
 * | stage    | reads          | writes                           |
 * |----------|----------------|----------------------------------|
 * | cleaning | utterances     | cleaned                          |
 * | intent   | cleaned        | understood                       |
 * | context  | understood     | contextualised                   |
 * | plugins  | contextualised | processed, replies, utterances   |
 * | sink     | processed, replies, alerts, deadletters | ClickHouse |
 *
 * What a stage refuses goes to `deadletters`. A reply re-enters as an utterance of role `bot`.
 */
const stages: Readonly<Record<string, (config: Config) => Stage | Promise<Stage>>> = {
  cleaning: (config) => cleaning(config.cleaning),
  intent: (config) =>
    intent({
      open: () => openLanguage(languageSettings(config)),
      signals: (score) => signalsOf({ aspects: config.aspects, urgency: config.urgency, score }),
    }),
  context: (config) => context({ ...config.context, slots: config.slots }),
  plugins: async (config) =>
    chain(await loadPlugins(config.plugins, taughtIntents(languageSettings(config)))),
}

/** The sink is a processor of its own kind: it moves blocks, and has no stages. */
export const sinkName = 'sink'

/**
 * Which stages share a processor is configuration: `processors` in murmur.yaml.
 * @throws naming the processor and the stage that doesn't exist
 */
export async function murmur(config: Config): Promise<Topology> {
  const processors: Processor[] = []
  for (const [name, { stages: names, publish }] of Object.entries(config.processors)) {
    if (names.includes(sinkName)) continue
    const made = names.map((stage) => {
      const make = stages[stage]
      if (make) return make(config)
      const known = [...Object.keys(stages), sinkName].join(', ')
      throw new Error(`processors.${name}.stages: no stage is named "${stage}"; there are ${known}`)
    })
    const processor = { name, stages: await Promise.all(made), publish }
    const takesUtterances = inputTopics(processor.stages).includes(utterances)
    processors.push(takesUtterances ? { ...processor, intake: utteranceIntake(config.input) } : processor)
  }
  return topology(processors)
}
