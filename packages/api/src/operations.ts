import { createAccessToken, validateAccessToken } from './access-tokens.ts'
import { createBatch } from './batch.ts'
import { listSources } from './endpoints.ts'
import { eraseEndpoint, eraseRecords } from './erasure.ts'
import { readDocs, readHealth, readMetrics, readOpenApi, readVersion } from './health.ts'
import { createLink } from './links.ts'
import type { Operation } from './operation.ts'
import { readPublicKey } from './public-key.ts'
import {
  createRecords,
  deleteEndpoint,
  deleteRecords,
  listRecords,
  readRecord,
  updateRecords,
} from './records.ts'

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
  createAccessToken,
  validateAccessToken,
  readPublicKey,
  readHealth,
  readVersion,
  readMetrics,
  readOpenApi,
  readDocs,
]
