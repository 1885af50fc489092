import { availableParallelism } from 'node:os'
import { Argument, Command, Option } from 'commander'
import { languageSettings } from '../config/language.ts'
import { cascade } from '../language/cascade.ts'
import { detect } from '../language/detect.ts'
import { evaluate as evaluateTexts } from '../language/evaluate.ts'
import { type Explained, explain, type Scores } from '../language/explain.ts'
import { fallBack } from '../language/fallback.ts'
import { type LanguageSettings, openLanguage, placeOf } from '../language/language.ts'
import { closeEncoders, openEncoders, openTeaching, type TierChoice, tiersOf } from '../language/open.ts'
import { checkExamples } from '../language/teach/check.ts'
import { readLabelled, readLessons, readWritten } from '../language/teach/read.ts'
import { teach } from '../language/teach/teach.ts'
import { saveTeaching, type Teaching } from '../language/teach/teaching.ts'
import { useVersion, versionIn, versionsIn } from '../language/teach/versions.ts'
import type { Understanding } from '../language/tier.ts'
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
  readonly tier?: TierChoice
  readonly model?: string
}

const settingsOf = (command: Command, { tier, model }: ModelFlags): LanguageSettings => {
  const configured = languageSettings(configOf(command))
  return {
    ...configured,
    ...(tier ? { tier } : {}),
    ...(model ? { folder: model, orShipped: false } : {}),
  }
}

/** Where versions are kept. */
const out = () =>
  new Option(
    '--out <folder>',
    'where versions are kept; by the configuration, or "language" in the data folder',
  )

const folderOf = (command: Command, { out }: { readonly out?: string }): string =>
  out ?? languageSettings(configOf(command)).folder

language
  .command('train')
  .description('learn from a file of examples; a running pipeline answers by what was learnt at once')
  .argument('[file]', 'YAML, in Murmur’s form or in Rasa’s; what ships unless told')
  .addOption(out())
  .option('--corrections <file>', 'JSON lines {"text","label"} that overrule the examples')
  .option(
    '--validation <file>',
    'JSON lines {"text","label"} to choose by, in place of examples held back in turn',
  )
  .option('--shadow', 'only compare it with what answers now')
  .action(
    async (
      file: string | undefined,
      flags: { out?: string; corrections?: string; validation?: string; shadow?: boolean },
      command: Command,
    ) => {
      const out = folderOf(command, flags)
      const started = performance.now()
      const live = new LiveLine()
      const { tasks, lexicon } = readLessons(file, flags.corrections, flags.validation)
      const encoders = await openEncoders(availableParallelism())
      const teaching = await teach(tasks, lexicon, encoders, (what) => live.show(what))
      live.end('')
      await closeEncoders(encoders)
      const folder = saveTeaching(teaching, out)
      useVersion(out, teaching.version, flags.shadow ? 'shadow' : 'current')
      const seconds = (performance.now() - started) / 1000
      print(
        wantsJson(command),
        { version: teaching.version, folder, seconds, reports: teaching.reports },
        () => taught(teaching, folder, performance.now() - started, flags.shadow ?? false),
      )
    },
  )

const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${(100 * share).toFixed(1)}%`

function taught({ version, reports }: Teaching, folder: string, ms: number, shadow: boolean): string {
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
    shadow
      ? `pipelines with this folder compare it with what answers (labels.shadow_intent in each event); to let it answer: murmur language use ${version}`
      : 'pipelines with this folder answer by it from now on',
  ].join('\n')
}

language
  .command('use')
  .description('let another version answer; without one, list the versions')
  .argument('[version]', 'one that was taught; "none": what ships')
  .addOption(out())
  .option('--shadow', 'only compare it with what answers; "none" ends that')
  .action((version: string | undefined, flags: { out?: string; shadow?: boolean }, command: Command) => {
    const folder = folderOf(command, flags)
    const known = versionsIn(folder)
    if (version !== undefined) {
      if (version !== 'none' && !known.some((one) => one.version === version))
        throw new Error(
          `${folder} has no version "${version}"; there are ${known.map((one) => one.version).join(', ') || 'none'}`,
        )
      useVersion(folder, version === 'none' ? undefined : version, flags.shadow ? 'shadow' : 'current')
    }
    const [current, shadow] = [versionIn(folder, 'current'), versionIn(folder, 'shadow')]
    const rows = known.map(({ version, at }) => ({
      version,
      taught: at.toISOString(),
      use: [...(version === current ? ['answers'] : []), ...(version === shadow ? ['shadow'] : [])].join(
        ', ',
      ),
    }))
    print(wantsJson(command), rows, () =>
      rows.length === 0 ? `nothing was taught in ${folder}; what ships answers` : table(rows),
    )
  })

language
  .command('check')
  .description(
    'what makes the intents of a file hard to learn: repetitions, contradictions, thin and like ones',
  )
  .argument('<file>', 'YAML, as for train')
  .action(async (file: string, _flags: unknown, command: Command) => {
    const encoders = await openEncoders()
    const { intents = [], heads } = readWritten(file)
    const findings = (
      await Promise.all([intents, ...heads.values()].map((examples) => checkExamples(examples, encoders)))
    ).flat()
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
  .argument('<file>', 'JSON lines {"text","label"}; the label may also stand under the name of the task')
  .option('--task <task>', 'what the labels say: intent, sentiment or a head of your own', 'intent')
  .addOption(model())
  .addOption(tier())
  .action(async (file: string, flags: ModelFlags & { task: string }, command: Command) => {
    const tiers = await openLanguage(settingsOf(command, flags))
    const found = await evaluateTexts(readLabelled(file, flags.task), flags.task, tiers)
    await tiers.close()
    print(wantsJson(command), found, () => {
      const { accuracy, macroF1, calibrationError, outOfScopeRecall, textsPerSecond, classes } = found
      const shares = Object.entries(found.tiers).map(([name, share]) => `${name} ${percent(share)}`)
      return [
        `${found.examples} texts: ${percent(accuracy)} right, macro-F1 ${percent(macroF1)}, calibration error ${percent(calibrationError)}`,
        ...(outOfScopeRecall === undefined ? [] : [`out of scope found: ${percent(outOfScopeRecall)}`]),
        `answered by ${shares.join(', ')}; ${Math.round(textsPerSecond)} texts a second`,
        table(classes.map((one) => ({ ...one }))),
        '',
        table(
          found.reliability.map(({ from, to, texts, confidence, right }) => ({
            confidence: `${percent(from)} to ${percent(to)}`,
            texts,
            'on average': percent(confidence),
            right: percent(right),
          })),
        ),
      ].join('\n')
    })
  })

language
  .command('explain')
  .description('what each tier makes of a text, who answers, and the examples that are most like it')
  .addArgument(new Argument('<text>'))
  .addOption(model())
  .addOption(tier())
  .action(async (text: string, flags: ModelFlags, command: Command) => {
    const { tier, margin, fallback, ...settings } = settingsOf(command, flags)
    const encoders = await openEncoders()
    const teaching = openTeaching(placeOf(settings), encoders)
    const { understand } = cascade(await tiersOf(teaching, encoders, tier, margin))
    const [understood] = await understand([{ text, language: detect(text).language }])
    const answer = fallBack(understood!, fallback)
    const explained = await explain(text, teaching, encoders)
    await closeEncoders(encoders)
    print(wantsJson(command), { ...answer, ...explained }, () => explanation(answer, explained))
  })

function explanation(
  { intent, intentConfidence, sentiment, sentimentScore, tier, labels, labelConfidences }: Understanding,
  { language, languageConfidence, version, heads, nearest }: Explained,
): string {
  const shown = (scores: Scores | undefined) =>
    scores
      ?.slice(0, 3)
      .map(({ label, probability }) => `${label} ${percent(probability)}`)
      .join(', ') ?? 'was not taught'
  return [
    `language ${language} (${percent(languageConfidence)}); version ${version}; answered by ${tier}:`,
    [
      `intent ${intent} (${percent(intentConfidence)})`,
      `sentiment ${sentiment} (${sentimentScore.toFixed(2)})`,
      ...Object.entries(labels).map(
        ([head, label]) => `${head} ${label} (${percent(labelConfidences[head])})`,
      ),
    ].join(', '),
    '',
    table(
      heads.map(({ head, linear, sureness, least, bert, inScope }) => ({
        head,
        linear: shown(linear),
        sure: percent(sureness),
        'must be': least === undefined ? '–' : least > 1 ? 'never' : percent(least),
        encoder: shown(bert),
        'in scope': percent(inScope),
      })),
    ),
    ...(nearest.length > 0 ? ['', 'the examples that are most like it:', table([...nearest])] : []),
  ].join('\n')
}
