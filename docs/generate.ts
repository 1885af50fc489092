import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configKeys, type JsonSchema } from '../config/keys.ts'
import { packageRoot } from '../schemas/root.ts'

/** The page of every configuration key, from the one configuration schema. */
export function configurationPage(): string {
  const rows = [...configKeys()]
    .filter(([, schema]) => !schema.properties && !holdsKeys(schema.additionalProperties))
    .map(([key, { description = '', default: standard, enum: values, type }]) => {
      const kind = values ? values.map((value) => `\`${value}\``).join(', ') : (type ?? 'text')
      const value = standard === undefined ? '–' : `\`${JSON.stringify(standard)}\``
      return `| \`${key}\` | ${kind} | ${value} | ${description} |`
    })
  return `# Configuration

Generated from \`config.ts\` by \`npm run generate\`.

Murmur reads \`murmur.yaml\` in the working folder (\`--config FILE\` names another), then variables such as
\`MURMUR_GATEWAY_PORT=9000\` (the key in capitals, with \`_\` for \`.\`), then flags. The last one wins. A key that
doesn't exist, or a value that doesn't fit, is an error that names the file, the line and the nearest valid name.
\`murmur config check\` checks, \`murmur config schema\` prints a JSON Schema for editors.

| key | values | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`
}

/** Whether what stands under names of a user's own has keys that are described by themselves. */
const holdsKeys = (schema: JsonSchema | false | undefined): boolean =>
  typeof schema === 'object' && schema.properties !== undefined

const file = join(packageRoot(), 'docs', 'configuration.md')

/** Writes the page; with \`--check\` only says whether it is up to date. */
function run(checkOnly: boolean): void {
  const page = configurationPage()
  if (!checkOnly) writeFileSync(file, page)
  if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/configuration.md is not what config.ts says; run `npm run generate`')
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.includes('--check'))
