import type { Filter } from '../queries/filters.ts'
import { type EndpointQuery, readBundle } from '../queries/query.ts'
import { pathText } from '../queries/text.ts'
import type { Coarse } from './coarsening.ts'
import {
  writtenMoment,
  endOf,
  isOnce,
  type Permission,
  readLimitOf,
  type DataDebit,
  type Times,
} from './data-debit.ts'
import { overlaps, type Steps, sourcesOf } from './disclosure.ts'
import { readNarrowing } from './narrowing-reading.ts'
import { narrowed } from './narrowing.ts'

const context: Json = [
  'http://www.w3.org/ns/odrl.jsonld',
  {
    dpv: 'https://w3id.org/dpv#',
    dct: 'http://purl.org/dc/terms/',
    xsd: 'http://www.w3.org/2001/XMLSchema#',
    pda: 'urn:pda:terms:',
  },
]

const statuses: Record<ConsentEvent, string> = {
  accepted: 'ConsentGiven',
  changed: 'RenewedConsentGiven',
  disabled: 'ConsentWithdrawn',
  expired: 'ConsentExpired',
  rejected: 'ConsentRefused',
}

/** The state of a consent behind an event, by its name in DPV. */
export const consentStatus = (event: ConsentEvent): string => statuses[event]

/**
 * A permission of a data debit as a policy of ODRL 2.2 in the words of DPV 2, JSON-LD: an agreement, or a request where the owner declined.
 * @param queries what leaves, by whose copy it is
 */
export function consentPolicy(consent: Consent, queries: readonly DisclosedQuery[]): Json {
  const { debit, domain, event, origin, permission, receiptId } = consent
  return {
    '@context': context,
    '@type': event === 'rejected' ? 'Request' : 'Agreement',
    uid: `urn:uuid:${receiptId}`,
    'dct:issued': { '@type': 'xsd:dateTime', '@value': writtenMoment(consent.at) },
    'dct:identifier': `${domain}/data-debit/${debit.id}/${permission.number}`,
    'dpv:hasConsentStatus': { '@id': `dpv:${consentStatus(event)}` },
    'dpv:hasLegalBasis': { '@id': 'dpv:Consent' },
    'dpv:hasDataSubject': { '@id': origin },
    ...(permission.termsUrl !== '' && { 'dpv:hasNotice': permission.termsUrl }),
    permission: [
      {
        assigner: { '@type': 'Party', uid: origin, 'dct:title': domain },
        assignee: {
          '@type': ['Party', 'dpv:DataController'],
          uid: `${origin}/#${encodeURIComponent(debit.holder)}`,
          'dct:title': debit.client.name,
          ...(debit.client.url !== '' && { 'dct:source': debit.client.url }),
        },
        action: 'read',
        target: queries.map((one) => target(one, origin)),
        constraint: constraints(permission),
      },
    ],
  }
}

/** Records of an endpoint: which of them, which of their fields, and how exact. */
function target({ property, limit, query, linkedTo }: DisclosedQuery, origin: string): Json {
  const fields = fieldsShown(query).map(({ text }) => text)
  const coarse = query.coarse ?? []
  return {
    '@type': 'AssetCollection',
    source: `${origin}/api/v2.6/data/${query.endpoint}`,
    'dct:title': property,
    ...(linkedTo !== undefined && { 'dct:relation': `${origin}/api/v2.6/data/${linkedTo}` }),
    refinement: [
      ...(fields.includes('') ? [] : [is('pda:field', 'isAnyOf', fields)]),
      ...query.filters.map((filter) =>
        is('pda:filter', 'eq', { '@type': '@json', '@value': filterJson(filter) }),
      ),
      ...coarse.map((one) =>
        is('pda:coarseness', 'eq', { 'pda:field': pathText(one.path), ...coarsenessJson(one) }),
      ),
      ...(limit === undefined ? [] : [is('pda:records', 'lteq', integer(limit))]),
    ],
  }
}

function constraints(permission: Permission): Json[] {
  const end = endOf(permission)
  const reads = readLimitOf(permission)
  return [
    is('purpose', 'eq', { '@type': 'dpv:Purpose', 'dct:description': permission.purpose }),
    is('dateTime', 'gteq', moment(permission.start)),
    ...(end === undefined ? [] : [is('dateTime', 'lt', moment(end))]),
    ...(isOnce(permission) ? [is('count', 'lteq', integer(1))] : []),
    ...(reads === Infinity
      ? []
      : [
          {
            and: {
              '@list': [
                is('count', 'lteq', integer(reads)),
                is('timeInterval', 'eq', duration(permission.period)),
              ],
            },
          },
        ]),
  ]
}

const is = (leftOperand: string, operator: string, rightOperand: Json): Json => ({
  '@type': 'Constraint',
  leftOperand,
  operator,
  rightOperand,
})
const typed = (type: string, value: string): Json => ({ '@type': `xsd:${type}`, '@value': value })
const integer = (value: number) => typed('integer', String(value))
const moment = (at: number) => typed('dateTime', writtenMoment(at))
const duration = (milliseconds: number) => typed('duration', writtenDuration(milliseconds))

/** A filter as requests write it; its values to the letter. */
function filterJson({ path, transformation, operator }: Filter): Json {
  const asked =
    operator.operator === 'find'
      ? { search: operator.search }
      : operator.operator === 'between'
        ? { lower: exactJson(operator.lower), upper: exactJson(operator.upper) }
        : { value: exactJson(operator.value) }
  return { field: pathText(path), transformation, operator: { operator: operator.operator, ...asked } }
}

/** How much coarser a field leaves than it is kept, or what lies in it or around it. */
export const coarsenesses = ({ coarse = [] }: EndpointQuery, field: Steps): Json[] =>
  coarse
    .filter(({ path }) => overlaps(path, field))
    .map((one) => ({ field: pathText(one.path), ...coarsenessJson(one) }))

const coarsenessJson = (coarse: Coarse) =>
  coarse.to === 'step' ? { to: 'step', step: exactJson(coarse.step) } : { to: coarse.to }

/** What became of a permission of a data debit. `changed`: accepted in place of another one. */
export type ConsentEvent = 'accepted' | 'changed' | 'disabled' | 'expired' | 'rejected'

/** Whose copy of a receipt: the requester's tells nothing of what the owner took away. */
export type Copy = 'owner' | 'requester'

/** All that a receipt tells of. Times in milliseconds since 1970. */
export interface Consent {
  receiptId: string
  /** When the receipt is made. */
  at: number
  event: ConsentEvent
  domain: string
  /** Where the account is: `https://alice.example.org`. */
  origin: string
  debit: DataDebit
  /** As it is after the event. */
  permission: Permission
  /** The number of the permission that was in force before, of `changed`. */
  replaces: number | undefined
  /** The newest seal of the ledger; undefined while there is none. */
  seal: { seal: number; at: number; hash: string } | undefined
}

/** A query of a bundle, by its property. */
export interface DisclosedQuery {
  property: string
  /** At most so many records leave. */
  limit: number | undefined
  query: EndpointQuery
  /** The endpoint whose records it is shown with, of linked ones. */
  linkedTo: string | undefined
}

/**
 * What leaves by a permission: to the requester at most what it asked for, to the owner what is left of it.
 * @throws QueryError when what is kept can no longer be read
 */
export function disclosedQueries({ bundle, narrowing }: Permission, copy: Copy): DisclosedQuery[] {
  const asked = readBundle(bundle.text)
  const left = copy === 'owner' && narrowing !== undefined ? narrowed(asked, readNarrowing(narrowing)) : asked
  return Array.from(left, ([property, { endpoints, limit }]) =>
    endpoints.flatMap((query): DisclosedQuery[] => [
      { property, limit, query, linkedTo: undefined },
      ...query.links.map((link) => ({ property, limit: undefined, query: link, linkedTo: query.endpoint })),
    ]),
  ).flat()
}

/** A field of the data as a query shows it, and as mappings write it; all of the data is an empty text. */
interface FieldShown {
  steps: Steps
  text: string
}

/** The fields that a query shows, each once. */
export function fieldsShown(query: EndpointQuery): FieldShown[] {
  const fields = sourcesOf(query).map((steps) => ({ steps, text: fieldText(steps) }))
  return [...new Map(fields.map((field) => [field.text, field])).values()]
}

/** `items[].price` is the price of each element of a list. */
function fieldText(steps: Steps): string {
  const end = steps.indexOf(null)
  if (end === -1) return pathText(steps as string[])
  const inner = fieldText(steps.slice(end + 1))
  return `${pathText(steps.slice(0, end) as string[])}[]${inner === '' || inner.startsWith('[') ? inner : `.${inner}`}`
}

/** How long a consent holds from a moment on, as ISO 8601 has it; null: until it is withdrawn. */
export function validity(times: Times, from: number): string | null {
  const end = endOf(times)
  return end === undefined ? null : writtenDuration(Math.max(0, end - from))
}

/** A length of time in ISO 8601: `PT86400S`. */
const writtenDuration = (milliseconds: number): string => `PT${milliseconds / 1000}S`

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
