import { elements, members, skipSpace, type Span, skipValue } from '@hatstand/api/json.ts'
import { isEndpoint } from '../domain/endpoint-name.ts'
import { canonical } from '../domain/fingerprint.ts'
import { ApiError } from '../errors.ts'
import type { Element, Node } from './drafts.ts'

/** A UUID in any spelling of its letters. */
export const isRecordId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** What an envelope around data may be: one to save, with links, or one to update, with its record's id. */
export type Kind = 'batch' | 'update'

/**
 * Reads `{"endpoint", "data", ...}`, the envelope of a record in a batch or an update. The data stays text.
 * @param at where the envelope begins
 * @param index of the element in the request, for errors
 * @throws JsonError, and ApiError `invalid_body`, `invalid_endpoint`, `invalid_record_id` naming the member and the index
 */
export function readEnvelope(
  text: string,
  at: number,
  kind: Kind,
  index: number,
  depth: number,
  wantsCanonical: boolean,
): Element {
  // The envelope, and links within links, come on top of what the data may nest.
  const end = skipValue(text, at, depth * 2)
  return { node: envelope(text, at, kind, `the record at index ${index}`, depth, wantsCanonical), end }
}

function envelope(
  text: string,
  at: number,
  kind: Kind,
  where: string,
  depth: number,
  wantsCanonical: boolean,
): Node {
  if (text[skipSpace(text, at)] !== '{')
    throw new ApiError('invalid_body', `${sentence(where)} must be an object with endpoint and data`)
  const found = new Map<string, Span>()
  for (const { key, start, end } of members(text, at, depth * 2)) found.set(key, { start, end })
  const endpoint = textMember(text, found, 'endpoint', where)
  if (!isEndpoint(endpoint))
    throw new ApiError(
      'invalid_endpoint',
      `The endpoint of ${where} must be a namespace and a path of lower-case letters, digits and hyphens, joined by single slashes`,
    )
  const data = found.get('data')
  if (!data) throw new ApiError('invalid_body', `${sentence(where)} has no data`)
  const node: Node = {
    endpoint,
    ...data,
    links: kind === 'batch' ? linksOf(text, found.get('links'), where, depth, wantsCanonical) : [],
  }
  if (wantsCanonical) node.canonical = canonical(text, data.start, depth)
  if (kind === 'update') node.recordId = recordIdOf(text, found, where)
  return node
}

function linksOf(
  text: string,
  span: Span | undefined,
  where: string,
  depth: number,
  wantsCanonical: boolean,
): Node[] {
  if (!span || text.startsWith('null', span.start)) return []
  if (text[span.start] !== '[') throw new ApiError('invalid_body', `The links of ${where} must be an array`)
  return [...elements(text, span.start, depth * 2)].map(({ start }, index) =>
    envelope(text, start, 'batch', `link ${index} of ${where}`, depth, wantsCanonical),
  )
}

function recordIdOf(text: string, found: Map<string, Span>, where: string): string {
  const recordId = textMember(text, found, 'recordId', where)
  if (!isRecordId(recordId))
    throw new ApiError('invalid_record_id', `The recordId of ${where} must be a UUID`)
  return recordId.toLowerCase()
}

function textMember(text: string, found: Map<string, Span>, name: string, where: string): string {
  const span = found.get(name)
  if (!span) throw new ApiError('invalid_body', `${sentence(where)} has no ${name}`)
  if (text[span.start] !== '"') throw new ApiError('invalid_body', `The ${name} of ${where} must be a string`)
  return JSON.parse(text.slice(span.start, span.end)) as string
}

const sentence = (where: string) => where[0]!.toUpperCase() + where.slice(1)
