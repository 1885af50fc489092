import { closest } from 'fastest-levenshtein'
import { z } from 'zod'
import { GatewayError, type Problem, type Status } from './errors.ts'

/** An object without any other fields. */
export const fields = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `did you mean "${closest(String(issue.keys[0]), Object.keys(shape))}"? The fields are ${Object.keys(shape).join(', ')}`
        : undefined,
  })

/**
 * Checks a client's input.
 * @param prefix path of the input in what the client sent
 * @throws GatewayError that names the field, the value and the remedy: 422, or the status that the schema asks for
 */
export function validated<T>(schema: z.ZodType<T>, input: unknown, prefix: readonly PropertyKey[] = []): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0] as z.core.$ZodIssue
  const unknown = issue.code === 'unrecognized_keys'
  const path = unknown ? [...issue.path, issue.keys[0] as string] : issue.path
  const params = (issue.code === 'custom' ? issue.params : undefined) as Params | undefined
  const value = JSON.stringify(valueAt(input, path))?.slice(0, 80)
  throw new GatewayError(
    params?.status ?? 422,
    'INVALID_FIELD',
    unknown ? 'there is no such field' : issue.message,
    {
      field: [...prefix, ...path].join('.'),
      ...(value === undefined ? {} : { value }),
      remedy: unknown ? issue.message : (params?.remedy ?? remedyOf(issue, value)),
    } satisfies Partial<Problem>,
  )
}

/** What a custom check may say beyond its message. */
export interface Params {
  readonly status?: Status
  readonly remedy: string
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input)

function remedyOf(issue: z.core.$ZodIssue, value: string | undefined): string {
  if (value === undefined) return 'add the field'
  switch (issue.code) {
    case 'invalid_value':
      return `use one of ${issue.values.join(', ')}`
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'too_small':
      return `at least ${issue.minimum}`
    case 'invalid_type':
      return `give ${issue.expected}`
    default:
      return 'change the field'
  }
}
