import { outOfScope } from '../../language/tier.ts'
import type { Contextualised } from '../../schemas/generated/events.ts'
import type { Plugin } from '../plugin.ts'
import { type Answer, loadAnswers } from './answers.ts'
import { type FaqOptions, manifest, sample } from './manifest.ts'

/**
 * Answers frequent questions: the intent's text, in the language of the utterance (English for one that is
 * neither English nor Chinese), where the intent is sure enough. What is out of scope gets the fallback.
 * @param intents every intent that there is: an answer to any other is a mistake in the file, but not in the sample, which nobody
 * has to change when other intents are taught
 * @throws where the file can't be read or has a mistake, with file and line
 */
export async function faq(options: FaqOptions, intents: readonly string[]): Promise<Plugin> {
  const { answers, fallback } = await loadAnswers(
    options.file,
    options.file === sample() ? undefined : intents,
  )

  return {
    ...manifest,
    process(utterance) {
      if (utterance.intent === outOfScope) return fallback && reply(fallback, utterance)
      const answer = answers.get(utterance.intent)
      if (answer === undefined || utterance.intentConfidence < (answer.confidence ?? options.confidence))
        return undefined
      return reply(answer, utterance)
    },
  }
}

/** People who mix the two languages write Chinese with English words in it. */
function reply({ en, zh }: Answer, { language, intentConfidence }: Contextualised) {
  const chinese = language === 'zh' || language === 'mixed'
  const text = (chinese ? (zh ?? en) : (en ?? zh)) as string
  return { reply: { text, confidence: intentConfidence } }
}
