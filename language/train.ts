// Trains the shipped linear model: node dist/language/train.js [folder of examples] [model file]
import { readExamples } from './examples.ts'
import { Lexicon } from './lexicon.ts'
import { saveModel } from './model-file.ts'
import { type Report, tasksOf, trainModel } from './trainer.ts'

const [folder = 'language/examples', file = 'dist/models/linear.bin'] = process.argv.slice(2)

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`

const describe = ({
  name,
  classes,
  examples,
  accuracy,
  calibrationError,
  outOfScopeRecall,
}: Report): string =>
  `${name}: ${classes} classes, ${examples} examples, ${percent(accuracy)} right in cross-validation, ` +
  `calibration error ${percent(calibrationError)}` +
  (outOfScopeRecall === undefined ? '' : `, ${percent(outOfScopeRecall)} of out-of-scope texts found`)

const startedAt = performance.now()
try {
  const examples = readExamples(folder)
  const lexicon = new Lexicon(examples.lexicon.positive, examples.lexicon.negative)
  const { model, reports } = trainModel(tasksOf(examples), lexicon)
  const bytes = saveModel(model, file)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.error(
    `murmur: trained ${file} (${(bytes / 1e6).toFixed(1)} MB) in ${seconds} s; ${reports.map(describe).join('; ')}`,
  )
} catch (error) {
  console.error(`murmur: the language model can't be trained: ${(error as Error).message}`)
  process.exitCode = 1
}
