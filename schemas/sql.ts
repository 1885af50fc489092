/** A name as ClickHouse's SQL has it. */
export const quoted = (name: string): string => `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``

/** A string as ClickHouse's SQL has it. */
export const literal = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
