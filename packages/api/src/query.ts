import { namespacePattern } from './endpoint-name.ts'
import { Type } from './type.ts'

/** A record id, for the documentation. */
export const exampleId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'

const uuid = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

const whole = new RegExp(`^${uuid}$`)

/** True for a record id, a UUID in any spelling of its letters. */
export const isRecordId = (text: string): boolean => whole.test(text)

/** A whole number in a query: its decimal digits, no sign, at most 15 of them. `Number(...)` gives its value. */
export const digits = (options: { default: number; description: string; examples?: number[] }) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,15}$' })], {
    title: 'a whole number, 0 or more, in at most 15 decimal digits',
    ...options,
  })

/** `true` or `false`, spelled so. */
export const flag = (description: string) =>
  Type.Enum(['true', 'false'], { title: '`true` or `false`', default: 'false', description })

/** The id of a record: a UUID. */
export const recordId = (description: string) =>
  Type.String({ title: 'a UUID', pattern: `^${uuid}$`, description, examples: [exampleId] })

/** Ids of records: the parameter repeated, or one value with commas between. `recordIdsOf` takes them apart. */
export const recordIds = (description: string) => {
  const joined = Type.String({ pattern: `^(${uuid}(,${uuid})*)?$` })
  return Type.Union([joined, Type.Array(joined)], {
    title: 'UUIDs, joined by commas or repeated',
    description,
  })
}

/**
 * The record ids of a `records` parameter, in lower case, as given: repeated ids stay repeated.
 * @param value one value, comma-joined or not, or several; none gives an empty list
 */
export function recordIdsOf(value: string | string[] | undefined): string[] {
  return [value ?? []].flat().flatMap((ids) => (ids === '' ? [] : ids.toLowerCase().split(',')))
}

/** A query without parameters. */
export const NoQuery = Type.Object({})

export const Namespace = Type.String({
  title: 'one or more lower-case letters, digits and hyphens',
  pattern: namespacePattern,
  description:
    'First part of the endpoint: says who may write there. Lower-case letters, digits and hyphens.',
  examples: ['rumpel'],
})

const Path = Type.String({
  title: 'one or more parts of lower-case letters, digits and hyphens, joined by single slashes',
  pattern: '^[0-9a-z-]+(/[0-9a-z-]+)*$',
  description:
    'The rest of the endpoint: one or more parts of lower-case letters, digits and hyphens, joined by single slashes.',
  examples: ['locations'],
})

/** The two parts of an endpoint in a route's path; `*` is everything after the namespace. */
export const EndpointParams = Type.Object({ namespace: Namespace, '*': Path })
