import { decimal } from '../json/numbers.ts'
import { readFilters, type Filter } from '../queries/filters.ts'
import { pathAt } from '../queries/mapping.ts'
import {
  closedMembersOf,
  elementsOf,
  fault,
  membersOf,
  optional,
  type Piece,
  required,
  sourceOf,
  stringOf,
  wholePiece,
  wordOf,
  memberPath,
  QueryError,
} from '../queries/text.ts'
import type { Coarse, Coarseness } from './coarsening.ts'
import type { Steps } from './disclosure.ts'

/** A field of the data as an owner names it, and where it was named. */
export interface NamedField {
  steps: Steps
  at: string
}

/** What an owner takes away of an endpoint, wherever a bundle has it. */
export interface EndpointNarrowing {
  leaveOut: boolean
  fields: NamedField[] | undefined
  filters: Filter[]
  coarse: { coarse: Coarse; at: string }[]
  at: string
}

export interface PropertyNarrowing {
  leaveOut: boolean
  limit: number | undefined
  at: string
}

/** What an owner takes away of a bundle, as `readNarrowing` makes it: plain data. */
export interface Narrowing {
  properties: Map<string, PropertyNarrowing>
  endpoints: Map<string, EndpointNarrowing>
}

/** An endpoint is narrowed to at most so many fields, and at most so many are made coarser. */
const maxFields = 200
const maxNarrowed = 100

/**
 * Reads what an owner takes away of a bundle (`Narrowing` of the api). A key that is not known is refused: what is meant to be
 * withheld must not leave because of a spelling.
 *
 * @param text JSON
 * @throws QueryError
 */
export function readNarrowing(text: string): Narrowing {
  const whole = wholePiece(text)
  const members = closedMembersOf(whole, ['properties', 'endpoints'])
  return {
    properties: each(optional(members, 'properties'), readProperty),
    endpoints: each(optional(members, 'endpoints'), readEndpoint),
  }
}

function each<T>(piece: Piece | undefined, read: (piece: Piece) => T): Map<string, T> {
  const members = piece ? membersOf(piece) : new Map<string, Piece>()
  if (piece && members.size > maxNarrowed) throw fault(piece, `must have at most ${maxNarrowed} members`)
  return new Map(Array.from(members, ([name, member]) => [name, read(member)]))
}

function readProperty(piece: Piece): PropertyNarrowing {
  const members = closedMembersOf(piece, ['leaveOut', 'limit'])
  const limit = optional(members, 'limit')
  if (limit && !/^[1-9]\d{0,14}$/.test(sourceOf(limit)))
    throw fault(limit, 'must be a whole number, 1 or more')
  return { leaveOut: readFlag(members, 'leaveOut'), limit: limit && Number(sourceOf(limit)), at: piece.path }
}

function readEndpoint(piece: Piece): EndpointNarrowing {
  const members = closedMembersOf(piece, ['leaveOut', 'fields', 'filters', 'coarse'])
  const [fields, filters, coarse] = ['fields', 'filters', 'coarse'].map((key) => optional(members, key))
  return {
    leaveOut: readFlag(members, 'leaveOut'),
    fields: fields && readFields(fields),
    filters: filters ? readFilters(filters) : [],
    coarse: coarse ? elementsOf(coarse, maxNarrowed).map(readCoarse) : [],
    at: piece.path,
  }
}

function readFlag(members: Map<string, Piece>, key: string): boolean {
  const piece = optional(members, key)
  if (piece && !/^(true|false)$/.test(sourceOf(piece))) throw fault(piece, 'must be true or false')
  return piece !== undefined && sourceOf(piece) === 'true'
}

function readFields(piece: Piece): NamedField[] {
  const fields = elementsOf(piece, maxFields).map((field) => ({ steps: readSteps(field), at: field.path }))
  if (fields.length === 0) throw fault(piece, 'must have an element; leaveOut leaves the endpoint out')
  return fields
}

/** `items[].price` is the price of each element; `items[]` all of them, as `items` is. */
function readSteps(piece: Piece): Steps {
  const parts = stringOf(piece)
    .replace(/(?<!\\)\[\]$/, '')
    .split(/(?<!\\)\[\]\./)
  return parts.flatMap((part, index) => [...(index > 0 ? [null] : []), ...pathAt(piece, part)])
}

function readCoarse(piece: Piece): { coarse: Coarse; at: string } {
  const members = closedMembersOf(piece, ['field', 'to', 'step', 'decimals'])
  const path = readSteps(required(members, 'field', piece)).filter((step) => step !== null)
  const to = wordOf(required(members, 'to', piece), ['step', 'decimals', 'day', 'month', 'year'])
  for (const key of ['step', 'decimals'])
    if (key !== to && members.has(key))
      throw new QueryError(memberPath(piece.path, key), `must be left out with ${to}`)
  return { coarse: { path, ...readCoarseness(to, members, piece) }, at: piece.path }
}

function readCoarseness(
  to: 'step' | 'decimals' | 'day' | 'month' | 'year',
  members: Map<string, Piece>,
  piece: Piece,
): Coarseness {
  if (to !== 'step' && to !== 'decimals') return { to }
  const size = required(members, to, piece)
  const source = sourceOf(size)
  if (to === 'decimals') {
    if (!/^(\d|1[0-5])$/.test(source)) throw fault(size, 'must be a whole number from 0 to 15')
    return { to: 'step', step: `1e-${source}` }
  }
  if (!/^\d[\d.eE+-]{0,39}$/.test(source))
    throw fault(size, 'must be a number greater than 0, of at most 40 characters')
  const { digits, exponent } = decimal(source)
  if (digits === '' || exponent.length > 4 || Math.abs(Number(exponent)) > 100)
    throw fault(size, 'must be a number greater than 0, between 1e-100 and 1e100')
  return { to: 'step', step: source }
}
