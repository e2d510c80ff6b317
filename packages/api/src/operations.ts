import { createAccessToken, validateAccessToken } from './access-tokens.ts'
import {
  createApplicationToken,
  disableApplication,
  disableApplicationByGet,
  listApplications,
  listApplicationsForSignIn,
  readApplication,
  readDefinition,
  registerApplication,
  removeApplication,
  setUpApplication,
  setUpApplicationByGet,
} from './applications.ts'
import { createBatch } from './batch.ts'
import { deleteBundle, listBundles, readBundle, readBundleStructure, registerBundle } from './bundles.ts'
import { deleteCombinator, listCombinators, readCombinator, registerCombinator } from './combinators.ts'
import {
  disableDataDebit,
  disableDataDebitByGet,
  enableDataDebit,
  enableDataDebitBundle,
  enableDataDebitByGet,
  rejectDataDebit,
} from './data-debit-decisions.ts'
import {
  deleteDataDebit,
  listDataDebits,
  previewDataDebit,
  proposeDataDebit,
  readDataDebit,
  readDataDebitValues,
  updateDataDebit,
} from './data-debits.ts'
import { listSources } from './endpoints.ts'
import { eraseEndpoint, eraseRecords } from './erasure.ts'
import { createHatLogin, createTokenForResource } from './hatlogin.ts'
import { readDocs, readHealth, readMetrics, readOpenApi, readVersion } from './health.ts'
import { endAccessToken, listAccessTokens, revokeAccessToken, revokeAccessTokens } from './issued-tokens.ts'
import { listLedger, listSeals, readLedgerHead } from './ledger.ts'
import { createLink } from './links.ts'
import type { Operation } from './operation.ts'
import { changePassword, requestPasswordReset, resetPassword } from './passwords.ts'
import { listPublicKeys, readPublicKey } from './public-key.ts'
import { listReceipts, readNoticeKey, readOlderKey, readReceipt } from './receipts.ts'
import { aggregateRecords, queryRecords } from './record-queries.ts'
import {
  createRecords,
  deleteEndpoint,
  deleteRecords,
  listRecords,
  readRecord,
  updateRecords,
} from './records.ts'
import { createUser, deleteUser, disableUser, enableUser, listUsers, updateUser } from './users.ts'

/** Every operation of the API, in reading order. */
export const operations: readonly Operation[] = [
  createRecords,
  listRecords,
  readRecord,
  updateRecords,
  deleteRecords,
  deleteEndpoint,
  createBatch,
  createLink,
  listSources,
  eraseRecords,
  eraseEndpoint,
  queryRecords,
  aggregateRecords,
  registerCombinator,
  readCombinator,
  listCombinators,
  deleteCombinator,
  registerBundle,
  readBundle,
  readBundleStructure,
  listBundles,
  deleteBundle,
  listDataDebits,
  readDataDebit,
  proposeDataDebit,
  updateDataDebit,
  enableDataDebit,
  disableDataDebit,
  rejectDataDebit,
  deleteDataDebit,
  readDataDebitValues,
  previewDataDebit,
  enableDataDebitByGet,
  enableDataDebitBundle,
  disableDataDebitByGet,
  listReceipts,
  readReceipt,
  readOlderKey,
  readNoticeKey,
  listApplications,
  readApplication,
  registerApplication,
  setUpApplication,
  disableApplication,
  removeApplication,
  createApplicationToken,
  createHatLogin,
  createTokenForResource,
  readDefinition,
  listApplicationsForSignIn,
  setUpApplicationByGet,
  disableApplicationByGet,
  createAccessToken,
  validateAccessToken,
  endAccessToken,
  listAccessTokens,
  revokeAccessToken,
  revokeAccessTokens,
  changePassword,
  requestPasswordReset,
  resetPassword,
  readPublicKey,
  listPublicKeys,
  listUsers,
  createUser,
  updateUser,
  enableUser,
  disableUser,
  deleteUser,
  listLedger,
  readLedgerHead,
  listSeals,
  readHealth,
  readVersion,
  readMetrics,
  readOpenApi,
  readDocs,
]
