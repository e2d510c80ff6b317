import { writtenMoment, endOf, type FrozenBundle, isOnce, readLimitOf } from './data-debit.ts'
import {
  type Consent,
  type Copy,
  fieldsShown,
  type DisclosedQuery,
  disclosedQueries,
  validity,
  exactJson,
  type Json,
  writtenJson,
  consentPolicy,
  coarsenesses,
  consentStatus,
} from './policy.ts'

/** What the structure of a record and of a receipt follows. */
const receiptSchema = 'ISO/IEC TS 27560:2023'

/** What the standard demands and the requester did not say. */
const notStated = 'not stated'

/** The id of what is kept of one permission: each of its receipts has it. */
const recordId = ({ domain, debit }: Consent, permission: number): string =>
  `${domain}/data-debit/${debit.id}/${permission}`

/**
 * A consent receipt in the terms of ISO/IEC TS 27560:2023: all of the record, not a pointer to it, so that it can be read and
 * verified when the account is gone. The same consent is always the same text.
 *
 * @param copy whose; nothing in the requester's depends on what the owner took away of the bundle
 * @returns JSON without white space
 * @throws QueryError when the bundle that is kept can no longer be read
 */
export function consentReceipt(consent: Consent, copy: Copy): string {
  const queries = disclosedQueries(consent.permission, copy)
  return writtenJson({
    schema_version: receiptSchema,
    receipt_id: consent.receiptId,
    copy,
    event: consent.event,
    issued_at: writtenMoment(consent.at),
    issuer: consent.domain,
    record: {
      schema_version: receiptSchema,
      record_id: recordId(consent, consent.permission.number),
      pii_principal_id: consent.domain,
      replaces: consent.replaces === undefined ? undefined : recordId(consent, consent.replaces),
    },
    pii_processing: processing(consent, queries),
    party_identification: parties(consent),
    event_history: history(consent),
    data_debit: dataDebit(consent, copy),
    ledger: ledger(consent, copy),
    policy: consentPolicy(consent, queries),
  })
}

function processing({ debit, permission, origin }: Consent, queries: readonly DisclosedQuery[]): Json {
  const { application } = debit.client
  return {
    privacy_notice: permission.termsUrl || notStated,
    language: 'und',
    purposes: [
      {
        purpose: permission.purpose || notStated,
        lawful_basis: 'consent',
        pii_information: information(queries),
        pii_controllers: [debit.holder],
        collection_method: ['read from the personal data account by its interface'],
        processing_method: ['read'],
        storage_locations: [notStated],
        retention_period: notStated,
        jurisdiction: notStated,
        recipient_third_parties: [],
        withdrawal_method: `${origin}/api/v2.6/data-debit/${encodeURIComponent(debit.id)}/disable`,
        privacy_rights: ['withdraw consent', 'see every access in the ledger of the account'],
        ...(application !== undefined && { services: [application] }),
      },
    ],
  }
}

/** What may leave: a field each, with all its data as `*`. The owner may always leave something out, and need not say so. */
function information(queries: readonly DisclosedQuery[]): Json[] {
  const found = new Map<string, Json>()
  for (const { query } of queries)
    for (const { steps, text } of fieldsShown(query)) {
      const coarse = coarsenesses(query, steps)
      const one: Json = {
        pii_type: query.endpoint,
        pii_attribute_id: text || '*',
        pii_optional: true,
        ...(coarse.length > 0 && { coarseness: coarse }),
      }
      found.set(writtenJson(one), one)
    }
  return [...found.values()]
}

function parties({ domain, origin, debit: { holder, client } }: Consent): Json[] {
  const url = client.url || notStated
  return [
    {
      party_id: domain,
      party_name: domain,
      party_address: origin,
      party_url: origin,
      party_role: 'PII principal',
      party_contact: origin,
      party_type: 'data subject',
    },
    {
      party_id: holder,
      party_name: client.name || notStated,
      party_address: url,
      party_url: url,
      party_role: 'PII controller',
      party_contact: url,
      party_type: 'recipient',
    },
  ]
}

/** What happened to the permission, in the order it did. */
function history(consent: Consent): Json[] {
  const { debit, domain, event, permission, replaces } = consent
  const { createdAt, acceptedAt, canceledAt, rejectedAt } = permission
  const said = (state: string, at: number, entity: string, method: string): [number, Json] => [
    at,
    {
      event_time: writtenMoment(at),
      event_type: 'explicit',
      event_state: state,
      validity_duration: state === 'ConsentRefused' ? 'PT0S' : validity(permission, at),
      entity_id: entity,
      consent_method: method,
    },
  ]
  const given = replaces === undefined ? 'ConsentGiven' : 'RenewedConsentGiven'
  const byOwner = 'decided by the owner in the personal data account'
  const events = [
    said(
      'ConsentRequested',
      createdAt,
      debit.holder,
      'proposed by the interface of the personal data account',
    ),
    ...(acceptedAt === undefined ? [] : [said(given, acceptedAt, domain, byOwner)]),
    ...(rejectedAt === undefined ? [] : [said('ConsentRefused', rejectedAt, domain, byOwner)]),
    ...(canceledAt === undefined ? [] : [said('ConsentWithdrawn', canceledAt, domain, byOwner)]),
    ...(event === 'expired'
      ? [
          said(
            'ConsentExpired',
            endOf(permission) ?? consent.at,
            domain,
            'its time, or its number of reads, was over',
          ),
        ]
      : []),
  ]
  return events.toSorted(([one], [other]) => one - other).map(([, shown]) => shown)
}

const named = ({ name, text }: FrozenBundle): Json => ({ name, bundle: exactJson(text) })

const requesterExtent =
  'at most what is listed: the owner may leave out parts of it, and whether is not told here'
const ownerExtent = (narrowing: string | undefined) =>
  narrowing === undefined ? 'all that was asked for' : 'what was asked for, and less of it as narrowing says'

/** What was asked for, to the letter, and under which terms it is given. What the owner took away is in the owner's copy only. */
function dataDebit({ debit, permission, event }: Consent, copy: Copy): Json {
  const { bundle, conditions, narrowing, start, period, cancelAtPeriodEnd, until } = permission
  const { client } = debit
  const reads = readLimitOf(permission)
  const end = endOf(permission)
  return {
    dataDebitKey: debit.id,
    permission: permission.number,
    state: consentStatus(event),
    extent: copy === 'owner' ? ownerExtent(narrowing) : requesterExtent,
    requestClientName: client.name,
    requestClientUrl: client.url,
    requestClientLogoUrl: client.logoUrl,
    requestApplicationId: client.application,
    requestDescription: client.description,
    start: writtenMoment(start),
    period,
    cancelAtPeriodEnd,
    ...(copy === 'owner' && until !== undefined && { until: writtenMoment(until) }),
    end: end === undefined ? null : writtenMoment(end),
    readsPerPeriod: reads === Infinity ? undefined : reads,
    once: isOnce(permission),
    bundle: named(bundle),
    conditions: conditions && named(conditions),
    ...(copy === 'owner' && narrowing !== undefined && { narrowing: exactJson(narrowing) }),
  }
}

/** The state of the ledger when the receipt was made. How much happens in the account is the owner's affair. */
function ledger({ seal }: Consent, copy: Copy): Json {
  if (seal === undefined) return null
  const { hash } = seal
  return copy === 'owner' ? { seal: seal.seal, at: seal.at, hash } : { hash }
}
