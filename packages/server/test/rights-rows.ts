import assert from 'node:assert/strict'
import { ownerName, ownerPassword } from './harness.ts'
import { applicationRows } from './rights-applications.ts'
import {
  api,
  endpoint,
  fresh,
  json,
  next,
  onEndpoint,
  onRecord,
  onUser,
  plain,
  record,
  type Row,
  tokenId,
  userId,
} from './rights-cells.ts'
import { dataDebitRows } from './rights-data-debits.ts'
import { ledgerRows } from './rights-ledger.ts'
import { queryRows } from './rights-queries.ts'
import { receiptRows } from './rights-receipts.ts'

/** How each operation is asked for, and who may. */
export const rows: Record<string, Row> = {
  createRecords: {
    right: 'write',
    status: 201,
    request: async (cell) => ({ path: `${api}/data/${await endpoint(cell)}`, headers: json, body: fresh() }),
  },
  listRecords: {
    right: 'read',
    reads: { as: 'read', records: true },
    request: onEndpoint('/data'),
    check: ({ text }) => assert.equal(JSON.parse(text).length, 1),
  },
  readRecord: {
    right: 'read',
    reads: { as: 'read', records: true },
    refusal: 'record_unknown',
    request: onRecord('/data-record/'),
  },
  updateRecords: {
    right: 'write',
    status: 201,
    byId: true,
    request: async (cell) => ({
      path: `${api}/data`,
      headers: json,
      body: JSON.stringify([{ ...(await record(cell)), data: { number: next() } }]),
    }),
  },
  deleteRecords: { right: 'write', byId: true, request: onRecord('/data?records=') },
  deleteEndpoint: { right: 'write', request: onEndpoint('/data') },
  createBatch: {
    right: 'write',
    status: 201,
    request: async (cell) => ({
      path: `${api}/data-batch`,
      headers: json,
      body: `[{"endpoint":"${await endpoint(cell)}","data":${fresh()}}]`,
    }),
  },
  createLink: { right: 'write', status: 201, byId: true, request: onRecord('/data-link?records=') },
  listSources: {
    right: 'any caller',
    reads: { as: 'read' },
    request: async (cell) => {
      await endpoint(cell)
      return { path: `${api}/data/sources` }
    },
    check: ({ text }, rights) => {
      const seen = Object.keys(JSON.parse(text) as object)
      const all = rights?.all ?? rights?.roles?.some(({ role }) => role === 'platform')
      if (rights && !all)
        assert.deepEqual(
          seen.filter((namespace) => !rights.reads.includes(namespace)),
          [],
        )
      else assert.ok(seen.includes('mine') && seen.includes('theirs'))
    },
  },
  eraseRecords: { right: 'owner', request: onRecord('/data-erasure?records=') },
  eraseEndpoint: { right: 'owner', request: onEndpoint('/data-erasure') },
  createAccessToken: {
    right: 'anyone',
    request: async () => ({
      path: '/users/access_token',
      headers: { username: ownerName, password: encodeURIComponent(ownerPassword) },
    }),
  },
  ...applicationRows,
  endAccessToken: { right: 'any caller', endsToken: true, request: plain('/users/access_token') },
  listAccessTokens: { right: 'owner', request: plain(`${api}/access-tokens`) },
  revokeAccessToken: {
    right: 'owner',
    request: async (cell) => ({ path: `${api}/access-tokens/${await tokenId(cell)}` }),
  },
  revokeAccessTokens: { right: 'owner', request: plain(`${api}/access-tokens?holder=nobody`) },
  ...ledgerRows,
  ...queryRows,
  ...dataDebitRows,
  ...receiptRows,
  listUsers: { right: 'platform', reads: { as: 'read' }, request: plain('/users/user') },
  createUser: {
    right: 'platform',
    status: 201,
    request: async () => ({
      path: '/users/user',
      headers: json,
      body: JSON.stringify({ email: `user-${next()}`, password: ownerPassword }),
    }),
  },
  updateUser: {
    right: 'platform',
    status: 201,
    request: async (cell) => ({
      path: `/users/user/${await userId(cell)}/update`,
      headers: json,
      body: JSON.stringify({ name: `${next()}` }),
    }),
  },
  enableUser: { right: 'platform', request: onUser('enable') },
  disableUser: { right: 'platform', request: onUser('disable') },
  deleteUser: { right: 'platform', request: onUser('delete') },
  changePassword: {
    right: 'owner',
    endsToken: true,
    request: async () => ({
      path: '/control/v2/auth/password',
      headers: json,
      body: JSON.stringify({ password: ownerPassword, newPassword: ownerPassword }),
    }),
  },
  requestPasswordReset: {
    right: 'anyone',
    request: async () => ({
      path: '/control/v2/auth/passwordReset',
      // Requests are limited by address.
      headers: { ...json, 'x-forwarded-for': `2001:db8:0:${next().toString(16)}::1` },
      body: '{"email":"phil@example.org"}',
    }),
  },
  // Who has no link is told so, whatever the token.
  resetPassword: {
    right: 'anyone',
    status: 401,
    request: async () => ({
      path: '/control/v2/auth/passwordreset/confirm/nobodys-link',
      headers: { ...json, 'x-forwarded-for': `2001:db8:1:${next().toString(16)}::1` },
      body: JSON.stringify({ newPassword: ownerPassword }),
    }),
    check: ({ text }) => assert.equal(JSON.parse(text).code, 'reset_link_invalid'),
  },
  listPublicKeys: { right: 'anyone', request: plain('/.well-known/jwks.json') },
  validateAccessToken: { right: 'any caller', request: plain('/users/access_token/validate') },
  readPublicKey: { right: 'anyone', request: plain('/publickey') },
  readHealth: { right: 'anyone', request: plain('/healthz') },
  readVersion: { right: 'anyone', request: plain('/version') },
  readMetrics: { right: 'anyone', request: plain('/metrics') },
  readOpenApi: { right: 'anyone', request: plain('/openapi.json') },
  readDocs: { right: 'anyone', request: plain('/docs') },
}
