import { join } from 'node:path'
import { z } from 'zod'
import { packageRoot } from '../../schemas/root.ts'
import type { Manifest } from '../plugin.ts'

export interface FaqOptions {
  /** The YAML file of answers, against the working directory. Default: the sample of this package. */
  readonly file: string
  /** Least confidence of the intent for an answer that names none of its own. Default: 0.6. */
  readonly confidence: number
}

/** The sample of answers, for the intents that ship. */
export const sample = (): string => join(packageRoot(), 'examples', 'faq.yaml')

export const manifest: Manifest<FaqOptions> = {
  name: 'faq',
  version: '1.0.0',
  description: 'Answers an intent with a text from a YAML file, in English or Chinese.',
  priority: 50,
  when: 'role == "user" && channel in ["chat", "web", "voice"]',
  options: z.strictObject({
    file: z.string().min(1).default(sample),
    confidence: z.number().min(0).max(1).default(0.6),
  }),
}
