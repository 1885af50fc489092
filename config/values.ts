import { z } from 'zod'
import { type Duration, milliseconds } from '../duration.ts'

/** A length of time, as text; milliseconds only where it is used. */
export const durationText = (text: Duration) =>
  z
    .templateLiteral(
      [z.number(), z.enum(['ms', 's', 'm', 'h', 'd'])],
      'write a number and ms, s, m, h or d, such as "30s"',
    )
    .default(text)

/** A length of time; milliseconds after parsing. */
export const duration = (text: Duration) => durationText(text).transform(milliseconds)

export const whole = (least: number) => z.number().int().min(least)

/** A text that no command may print. Set it by its variable, not in a file that others read. */
export const secret = (description: string) => z.string().default('').meta({ description, writeOnly: true })

/** Servers, each as `host:port`. */
export const addresses = (description: string, ...standard: readonly string[]) =>
  z
    .array(z.string().regex(/^(\[[^\]]+\]|[^:\s]+):\d+$/, 'write host:port, such as "10.0.0.7:9092"'))
    .default([...standard])
    .describe(description)

export const tlsSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether to speak TLS'),
    ca: z.string().optional().describe("PEM file of the authorities to trust; the system's unless told"),
    cert: z.string().optional().describe('PEM file of the own certificate, where the server asks for one'),
    key: z.string().optional().describe('PEM file of its private key'),
    serverName: z.string().optional().describe("Name in the server's certificate, where it is not its host"),
  })
  .prefault({})

export type TlsConfig = z.output<typeof tlsSchema>
