/** What can be written as JSON; a member that is undefined is left out. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined }

/** JSON that is there as text, to be put into an object that `writtenJson` writes. */
export const exactJson = (exact: string): Json => ({ [mark]: exact }) as unknown as Json

const mark = Symbol('exact')

/** Writes JSON without white space, members in their order: the same value is always the same text. */
export function writtenJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(writtenJson).join(',')}]`
  const exact = (value as { [mark]?: string })[mark]
  if (exact !== undefined) return exact
  const members = Object.entries(value as Record<string, Json | undefined>)
  return `{${members.flatMap(([name, member]) => (member === undefined ? [] : `${JSON.stringify(name)}:${writtenJson(member)}`)).join(',')}}`
}
