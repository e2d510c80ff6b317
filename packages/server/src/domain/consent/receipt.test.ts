import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { properties } from '../../../test/generated-queries.ts'
import { readBundle } from '../queries/query.ts'
import { QueryError } from '../queries/text.ts'
import type { Permission } from './data-debit.ts'
import type { Consent, Copy } from './policy.ts'
import { consentReceipt } from './receipt.ts'

const day = 86_400_000
const proposed = Date.UTC(2026, 10, 1)

const bundle = {
  places: {
    endpoints: [
      {
        endpoint: 'rumpel/locations',
        filters: [{ field: 'accuracy', operator: { operator: 'between', lower: 0, upper: 1e2 } }],
      },
    ],
    limit: 100,
  },
  profile: {
    endpoints: [{ endpoint: 'rumpel/profile', mapping: { name: 'person.name', mails: 'person.emails' } }],
  },
}

const permission: Permission = {
  number: 2,
  purpose: 'To plan bus routes',
  start: proposed,
  period: 30 * day,
  cancelAtPeriodEnd: true,
  termsUrl: 'https://acme.example/terms',
  bundle: { name: 'survey-places', text: JSON.stringify(bundle).replace('100}', '1e2}') },
  conditions: undefined,
  readLimit: 5,
  once: false,
  createdAt: proposed,
  rejectedAt: undefined,
  acceptedAt: proposed + day,
  narrowing: undefined,
  until: undefined,
  takenLimit: undefined,
  takenOnce: false,
  canceledAt: undefined,
  canceledAtPeriodEnd: false,
  usedUpAt: undefined,
}

const consent = (decided: Partial<Permission> = {}, more: Partial<Consent> = {}): Consent => ({
  receiptId: '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39',
  at: proposed + day,
  event: 'accepted',
  domain: 'alice.example.org',
  origin: 'https://alice.example.org',
  debit: {
    id: 'survey',
    holder: 'acme',
    form: '2.6',
    secret: 'a secret',
    client: {
      name: 'Acme "Buses"',
      url: 'https://acme.example',
      logoUrl: '',
      callbackUrl: undefined,
      application: undefined,
      description: undefined,
    },
    seen: 2,
    createdAt: proposed,
    deletedAt: undefined,
    permissions: [],
  },
  permission: { ...permission, ...decided },
  replaces: undefined,
  seal: { seal: 17, at: proposed, hash: 'h'.repeat(43) },
  ...more,
})

// oxlint-disable-next-line typescript/no-explicit-any -- looked into freely
const read = (one: Consent, copy: Copy): any => JSON.parse(consentReceipt(one, copy))

const narrowing = JSON.stringify({
  endpoints: {
    'rumpel/locations': {
      fields: ['latitude', 'accuracy'],
      coarse: [{ field: 'latitude', to: 'decimals', decimals: 2 }],
      filters: [{ field: 'secret', operator: { operator: 'contains', value: 'hidden-word' } }],
    },
    'rumpel/profile': { leaveOut: true },
  },
  properties: { places: { limit: 7 } },
})

test('a receipt has all fields that ISO/IEC TS 27560 demands', () => {
  const receipt = read(consent(), 'owner')
  assert.equal(receipt.schema_version, 'ISO/IEC TS 27560:2023')
  assert.deepEqual(receipt.record, {
    schema_version: 'ISO/IEC TS 27560:2023',
    record_id: 'alice.example.org/data-debit/survey/2',
    pii_principal_id: 'alice.example.org',
  })
  const { privacy_notice, language, purposes } = receipt.pii_processing
  assert.deepEqual([privacy_notice, language], ['https://acme.example/terms', 'und'])
  const [purpose] = purposes
  for (const field of 'purpose lawful_basis pii_information pii_controllers storage_locations retention_period jurisdiction recipient_third_parties withdrawal_method'.split(
    ' ',
  ))
    assert.ok(field in purpose, field)
  for (const party of receipt.party_identification)
    for (const field of 'party_id party_address party_name party_contact party_type party_role'.split(' '))
      assert.ok(party[field], field)
  assert.deepEqual(purpose.pii_controllers, [receipt.party_identification[1].party_id])
  for (const event of receipt.event_history)
    for (const field of 'event_time validity_duration entity_id event_type event_state'.split(' '))
      assert.ok(field in event, field)
})

test('a receipt has all that was consented in it, to the letter, and says what leaves', () => {
  const text = consentReceipt(consent(), 'requester')
  assert.ok(text.includes(`"bundle":${permission.bundle.text}`))
  const receipt = JSON.parse(text)
  assert.deepEqual(
    receipt.pii_processing.purposes[0].pii_information.map((one: Record<string, string>) => [
      one['pii_type'],
      one['pii_attribute_id'],
    ]),
    [
      ['rumpel/locations', '*'],
      ['rumpel/profile', 'person.name'],
      ['rumpel/profile', 'person.emails'],
    ],
  )
  const { start, end, readsPerPeriod, once, state } = receipt.data_debit
  assert.deepEqual(
    [start, end, readsPerPeriod, once, state],
    ['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z', 5, false, 'ConsentGiven'],
  )
})

test('the same consent is always the same text', () => {
  assert.equal(consentReceipt(consent(), 'owner'), consentReceipt(structuredClone(consent()), 'owner'))
})

test("the owner's copy says what was taken away; the requester's does not depend on it", () => {
  const whole = consentReceipt(consent(), 'requester')
  assert.equal(consentReceipt(consent({ narrowing }), 'requester'), whole)
  const own = read(consent({ narrowing }), 'owner')
  assert.deepEqual(own.data_debit.narrowing, JSON.parse(narrowing))
  assert.deepEqual(
    own.pii_processing.purposes[0].pii_information.map(
      ({ pii_type, pii_attribute_id, coarseness }: Record<string, unknown>) => [
        pii_type,
        pii_attribute_id,
        coarseness,
      ],
    ),
    [
      ['rumpel/locations', 'latitude', [{ field: 'latitude', to: 'step', step: 0.01 }]],
      ['rumpel/locations', 'accuracy', undefined],
    ],
  )
  for (const word of ['narrowing', 'hidden-word', 'coarse', '"seal":17'])
    assert.ok(!whole.includes(word), word)
})

test('each event has its state, and the history of the consent before it', () => {
  const states = (one: Consent) =>
    read(one, 'owner').event_history.map((event: Record<string, unknown>) => [
      event['event_state'],
      event['event_time'],
      event['validity_duration'],
    ])
  const asked = ['ConsentRequested', '2026-11-01T00:00:00.000Z', 'PT2592000S']
  const given = ['ConsentGiven', '2026-11-02T00:00:00.000Z', 'PT2505600S']
  assert.deepEqual(states(consent()), [asked, given])
  assert.deepEqual(states(consent({}, { event: 'expired' })), [
    asked,
    given,
    ['ConsentExpired', '2026-12-01T00:00:00.000Z', 'PT0S'],
  ])
  assert.deepEqual(states(consent({ canceledAt: proposed + 2 * day }, { event: 'disabled' })), [
    ['ConsentRequested', '2026-11-01T00:00:00.000Z', 'PT172800S'],
    ['ConsentGiven', '2026-11-02T00:00:00.000Z', 'PT86400S'],
    ['ConsentWithdrawn', '2026-11-03T00:00:00.000Z', 'PT0S'],
  ])
  const declined = { acceptedAt: undefined, rejectedAt: proposed + day }
  assert.deepEqual(states(consent(declined, { event: 'rejected' })).at(-1), [
    'ConsentRefused',
    '2026-11-02T00:00:00.000Z',
    'PT0S',
  ])
  const changed = read(consent({}, { event: 'changed', replaces: 1 }), 'owner')
  assert.equal(changed.event_history.at(-1).event_state, 'RenewedConsentGiven')
  assert.equal(changed.record.replaces, 'alice.example.org/data-debit/survey/1')
  const open = consent({ cancelAtPeriodEnd: false })
  assert.equal(read(open, 'owner').event_history.at(-1).validity_duration, null, 'until it is withdrawn')
})

test('the policy is ODRL in the words of DPV: who may read which fields, for what, when and how often', () => {
  const { policy } = read(consent({ narrowing }), 'owner')
  assert.equal(policy['@context'][0], 'http://www.w3.org/ns/odrl.jsonld')
  assert.equal(policy['@type'], 'Agreement')
  assert.deepEqual(policy['dpv:hasConsentStatus'], { '@id': 'dpv:ConsentGiven' })
  const [rule] = policy.permission
  assert.deepEqual([rule.action, rule.assigner.uid], ['read', 'https://alice.example.org'])
  assert.equal(rule.target.length, 1)
  const [{ source, refinement }] = rule.target
  assert.equal(source, 'https://alice.example.org/api/v2.6/data/rumpel/locations')
  assert.deepEqual(
    refinement.map((one: Record<string, unknown>) => [one['leftOperand'], one['operator']]),
    [
      ['pda:field', 'isAnyOf'],
      ['pda:filter', 'eq'],
      ['pda:filter', 'eq'],
      ['pda:coarseness', 'eq'],
      ['pda:records', 'lteq'],
    ],
  )
  assert.deepEqual(
    rule.constraint.map((one: Record<string, unknown>) => one['leftOperand'] ?? 'and'),
    ['purpose', 'dateTime', 'dateTime', 'and'],
  )
  assert.deepEqual(rule.constraint[2].rightOperand['@value'], '2026-12-01T00:00:00.000Z')
  const declined = { acceptedAt: undefined, rejectedAt: proposed + day }
  assert.equal(read(consent(declined, { event: 'rejected' }), 'requester').policy['@type'], 'Request')
})

test('whatever a bundle asks for, its receipt is JSON, has the bundle to the letter, and is the same again', () => {
  fc.assert(
    fc.property(properties(0), fc.constantFrom<Copy>('owner', 'requester'), ({ property }, copy) => {
      const text = `{"what \\"it\\" is":${property}}`
      if (isRefused(text)) return
      const one = consent({ bundle: { name: 'any', text } })
      const receipt = consentReceipt(one, copy)
      assert.ok(receipt.includes(text))
      assert.ok(JSON.parse(receipt).policy.permission[0].target.length > 0)
      assert.equal(consentReceipt(one, copy), receipt)
    }),
  )
})

function isRefused(bundleText: string): boolean {
  try {
    readBundle(bundleText)
    return false
  } catch (error) {
    assert.ok(error instanceof QueryError)
    return true
  }
}
