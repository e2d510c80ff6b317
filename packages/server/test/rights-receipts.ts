import assert from 'node:assert/strict'
import { currentSigningKey } from '../src/store/access/signing-keys.ts'
import { ask } from './asking.ts'
import { proposal } from './data-debits.ts'
import { api, type Cell, json, next, plain, type Row } from './rights-cells.ts'

const unknown = '00000000-0000-4000-8000-000000000000'

/** A data debit that the owner proposed and accepted, or one that nobody did. */
async function accepted({ server, exists }: Cell): Promise<string> {
  const path = `${api}/data-debit/receipts-${next()}`
  if (!exists) return path
  const headers = { ...json, 'x-auth-token': server.token }
  const asked = proposal({ bundle: { ...proposal().bundle, name: `receipts-${next()}` } })
  await ask(server.url, { method: 'POST', path, headers, body: JSON.stringify(asked) })
  const { status } = await ask(server.url, { method: 'POST', path: `${path}/enable`, headers, body: '{}' })
  assert.equal(status, 200)
  return path
}

async function receiptOf(cell: Cell): Promise<string> {
  if (!cell.exists) return unknown
  const headers = { 'x-auth-token': cell.server.token }
  const path = `${await accepted(cell)}/receipts`
  const { text } = await ask(cell.server.url, { method: 'GET', path, headers })
  return JSON.parse(text)[0].receiptId
}

/** How receipts and their keys are asked for, and who may. What requesters may do with their own: receipts.test.ts. */
export const receiptRows: Record<string, Row> = {
  listReceipts: { right: 'decides', request: async (cell) => ({ path: `${await accepted(cell)}/receipts` }) },
  readReceipt: {
    right: 'decides',
    request: async (cell) => ({ path: `${api}/consent-receipts/${await receiptOf(cell)}` }),
  },
  readOlderKey: {
    right: 'anyone',
    request: async ({ server }) => {
      const { keyId } = await server.context.database.of(1).read((unit) => currentSigningKey(unit))
      return { path: `/publickey/${keyId}` }
    },
  },
  readNoticeKey: { right: 'anyone', request: plain('/notice-key') },
}
