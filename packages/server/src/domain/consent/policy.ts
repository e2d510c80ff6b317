import {
  type Consent,
  type ConsentEvent,
  fieldsShown,
  type LeavingQuery,
  writtenDuration,
} from '../consent.ts'
import { writtenMoment } from '../debit-times.ts'
import { exactJson, type Json } from '../exact-json.ts'
import { pathText } from '../field-path.ts'
import type { Filter } from '../queries/filters.ts'
import type { EndpointQuery } from '../queries/query.ts'
import type { Coarse } from './coarsening.ts'
import { endOf, isOnce, type Permission, readLimitOf } from './data-debit.ts'
import { overlaps, type Steps } from './disclosure.ts'

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
export function consentPolicy(consent: Consent, queries: readonly LeavingQuery[]): Json {
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
function target({ property, limit, query, linkedTo }: LeavingQuery, origin: string): Json {
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
