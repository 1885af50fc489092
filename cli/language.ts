import { join } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { cascade } from '../language/cascade.ts'
import { detect } from '../language/detect.ts'
import { evaluate as evaluateTexts } from '../language/evaluate.ts'
import { closeEncoders, type LanguageSettings, openEncoders, openLanguage } from '../language/open.ts'
import { checkExamples } from '../language/teach/check.ts'
import { readLabelled, readLessons, readPlaced } from '../language/teach/read.ts'
import { teach } from '../language/teach/teach.ts'
import { saveTeaching, type Teaching, useVersion } from '../language/teach/teaching.ts'
import { LiveLine, print, span, table } from './output.ts'
import { configOf, wantsJson } from './session.ts'

export const language = new Command('language').description(
  'teach intents by examples, and see how well they are understood',
)

const tier = () =>
  new Option('--tier <tier>', 'who answers; by the configuration unless told').choices([
    'cascade',
    'bert',
    'linear',
  ])
const model = () =>
  new Option(
    '--model <folder>',
    'what was taught; by the configuration unless told, and what ships without one',
  )

interface ModelFlags {
  readonly tier?: LanguageSettings['tier']
  readonly model?: string
}

const settingsOf = (command: Command, { tier, model }: ModelFlags): LanguageSettings => {
  const { language: configured } = configOf(command)
  return { teaching: model ?? configured.teaching, tier: tier ?? configured.tier }
}

language
  .command('train')
  .description('learn intents from a file of examples, and put what was learnt into use in a folder')
  .argument('[file]', 'YAML, in this form or in Rasa’s; what ships unless told')
  .option('--out <folder>', 'where versions are kept; "language" in the data folder unless told')
  .option('--corrections <file>', 'JSON lines {"text","label"} that overrule the examples')
  .action(
    async (file: string | undefined, flags: { out?: string; corrections?: string }, command: Command) => {
      const out = flags.out ?? join(configOf(command).data, 'language')
      const started = performance.now()
      const live = new LiveLine()
      const { tasks, lexicon } = readLessons(file, flags.corrections)
      const encoders = await openEncoders()
      const teaching = await teach(tasks, lexicon, encoders, (what) => live.show(what))
      live.end('')
      await closeEncoders(encoders)
      const folder = saveTeaching(teaching, out)
      useVersion(out, teaching.version)
      const seconds = (performance.now() - started) / 1000
      print(
        wantsJson(command),
        { version: teaching.version, folder, seconds, reports: teaching.reports },
        () => taught(teaching, folder, out, performance.now() - started),
      )
    },
  )

const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${(100 * share).toFixed(1)}%`

function taught({ version, reports }: Teaching, folder: string, out: string, ms: number): string {
  const rows = reports.map((one) => ({
    head: one.head,
    language: one.language,
    classes: one.classes,
    examples: one.examples,
    right: percent(one.accuracy),
    'linear alone': percent(one.linearAccuracy),
    'calibration error': percent(one.calibrationError),
    'out of scope found': percent(one.outOfScopeRecall),
    'linear may answer': percent(one.linearShare),
  }))
  const confused = reports.flatMap(({ head, language, confused }) =>
    confused
      .slice(0, 3)
      .map(({ label, as, count }) => `  ${head}, ${language}: ${label} taken for ${as}, ${count} times`),
  )
  return [
    `version ${version} in ${folder}, in ${span(ms)}; on examples that it was not taught with:`,
    table(rows),
    ...(confused.length > 0 ? ['most often confused:', ...confused] : []),
    `to use it: language: { teaching: ${out} } in murmur.yaml, and a new start`,
  ].join('\n')
}

language
  .command('check')
  .description(
    'what makes the intents of a file hard to learn: repetitions, contradictions, thin and like ones',
  )
  .argument('<file>', 'YAML, as for train')
  .action(async (file: string, _flags: unknown, command: Command) => {
    const encoders = await openEncoders()
    const findings = await checkExamples(readPlaced(file), encoders)
    await closeEncoders(encoders)
    print(wantsJson(command), findings, () =>
      findings.length === 0
        ? 'nothing to mend'
        : findings.map(({ kind, message }) => `${kind}: ${message}`).join('\n'),
    )
    if (findings.some(({ kind }) => kind === 'contradiction')) process.exitCode = 1
  })

language
  .command('evaluate')
  .description('how well texts are understood whose labels are known')
  .argument('<file>', 'JSON lines {"text","label"}')
  .addOption(
    new Option('--task <task>', 'what the labels say').choices(['intent', 'sentiment']).default('intent'),
  )
  .addOption(model())
  .addOption(tier())
  .action(async (file: string, flags: ModelFlags & { task: 'intent' | 'sentiment' }, command: Command) => {
    const tiers = cascade(await openLanguage(settingsOf(command, flags)))
    const { classes, ...found } = await evaluateTexts(readLabelled(file), flags.task, tiers)
    print(wantsJson(command), { ...found, classes }, () => {
      const { accuracy, macroF1, calibrationError, outOfScopeRecall, textsPerSecond } = found
      const shares = Object.entries(found.tiers).map(([name, share]) => `${name} ${percent(share)}`)
      return [
        `${found.examples} texts: ${percent(accuracy)} right, macro-F1 ${percent(macroF1)}, calibration error ${percent(calibrationError)}`,
        ...(outOfScopeRecall === undefined ? [] : [`out of scope found: ${percent(outOfScopeRecall)}`]),
        `answered by ${shares.join(', ')}; ${Math.round(textsPerSecond)} texts a second`,
        table(classes.map((one) => ({ ...one }))),
      ].join('\n')
    })
  })

language
  .command('explain')
  .description('what is made of a text, and by whom')
  .addArgument(new Argument('<text>'))
  .addOption(model())
  .addOption(tier())
  .action(async (text: string, flags: ModelFlags, command: Command) => {
    const { language: found, confidence } = detect(text)
    const [answer] = await cascade(await openLanguage(settingsOf(command, flags))).understand([
      { text, language: found },
    ])
    const said = { language: found, languageConfidence: confidence, ...answer }
    print(wantsJson(command), said, () =>
      table(Object.entries(said).map(([what, is]) => ({ what, is: String(is) }))),
    )
  })
