import { isEndpoint } from '@hatstand/api/endpoint-name.ts'
import {
  elements,
  members,
  skipSpace,
  skipValue,
  type Span,
  tooDeep,
  stringValue,
} from '@hatstand/api/json.ts'
import { isRecordId } from '@hatstand/api/query.ts'
import { canonical, type Canonical, fingerprint } from '../../domain/json/fingerprint.ts'
import { ApiError } from '../../errors.ts'
import type { Draft } from '../../store/records/save.ts'
import type { Element } from './drafts.ts'

/** What an envelope around data may be: one to save, with links, or one to update, with its record's id. */
export type Kind = 'batch' | 'update'

/** How envelopes are read. */
export interface Reading {
  kind: Kind
  /** How deep data may nest; links may nest as deep on top of that. */
  depth: number
  /** Whether what is derived from the data is filled in. */
  isFirst: boolean
}

/**
 * Reads `{"endpoint", "data", ...}`, the envelope of a record in a batch or an update, in one pass. The data stays text.
 * @param at where the envelope begins
 * @param where what it is called in errors, such as `the record at index 3`
 * @throws JsonError, and ApiError `invalid_body`, `invalid_endpoint`, `invalid_record_id` naming the member and the record
 */
export function readEnvelope(text: string, at: number, where: string, reading: Reading, level = 0): Element {
  if (level > reading.depth) throw tooDeep(at, reading.depth)
  const start = skipSpace(text, at)
  if (start < text.length && text[start] !== '{') {
    skipValue(text, start, reading.depth)
    throw new ApiError('invalid_body', `${sentence(where)} must be an object with endpoint and data`)
  }
  const found = new Map<string, Span>()
  let links: Draft[] = []
  let value: Canonical | undefined
  const walk = members(text, at, reading.depth + 1, (_, from, limit, key) => {
    if (key === 'data' && reading.isFirst) return (value = canonical(text, from, reading.depth)).end
    if (key !== 'links' || reading.kind !== 'batch') return skipValue(text, from, limit)
    const read = readLinks(text, from, where, reading, level)
    links = read.links
    return read.end
  })
  let step = walk.next()
  for (; !step.done; step = walk.next()) found.set(step.value.key, step.value)
  return { ...draftOf(text, found, value, where, reading), links, end: step.value }
}

function draftOf(
  text: string,
  found: Map<string, Span>,
  value: Canonical | undefined,
  where: string,
  reading: Reading,
): Omit<Draft, 'links'> {
  const endpoint = textMember(text, found, 'endpoint', where)
  if (!isEndpoint(endpoint))
    throw new ApiError(
      'invalid_endpoint',
      `The endpoint of ${where} must be a namespace and a path of lower-case letters, digits and hyphens, joined by single slashes`,
    )
  const data = found.get('data')
  if (!data) throw new ApiError('invalid_body', `${sentence(where)} has no data`)
  return {
    endpoint,
    recordId: reading.kind === 'update' ? recordIdOf(text, found, where) : '',
    text: text.slice(data.start, data.end),
    fingerprint: value ? fingerprint(endpoint, value.text) : '',
    awkward: value?.awkward ?? false,
  }
}

function readLinks(text: string, at: number, where: string, reading: Reading, level: number) {
  const links: Draft[] = []
  if (text.startsWith('null', at)) return { links, end: at + 4 }
  if (at < text.length && text[at] !== '[') {
    skipValue(text, at, reading.depth)
    throw new ApiError('invalid_body', `The links of ${where} must be an array`)
  }
  const walk = elements(text, at, 1, (_, from) => {
    const link = readEnvelope(text, from, `link ${links.length} of ${where}`, reading, level + 1)
    links.push(link)
    return link.end
  })
  let step = walk.next()
  while (!step.done) step = walk.next()
  return { links, end: step.value }
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
  return stringValue(text, span.start, span.end)
}

const sentence = (where: string) => where[0]!.toUpperCase() + where.slice(1)
