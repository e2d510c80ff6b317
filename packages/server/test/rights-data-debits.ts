import assert from 'node:assert/strict'
import { ask } from './asking.ts'
import { proposal } from './data-debits.ts'
import { api, type Cell, json, next, plain, type Row } from './rights-cells.ts'

const fresh = () =>
  proposal({ start: '2020-01-01', bundle: { ...proposal().bundle, name: `bundle-${next()}` } })

/** The address of a data debit that the owner proposed, or of one that nobody did. */
async function debit({ server, exists }: Cell): Promise<string> {
  const path = `${api}/data-debit/debit-${next()}`
  if (!exists) return path
  const headers = { ...json, 'x-auth-token': server.token }
  const { status } = await ask(server.url, { method: 'POST', path, headers, body: JSON.stringify(fresh()) })
  assert.equal(status, 201)
  return path
}

const onDebit =
  (does = '') =>
  async (cell: Cell) => ({ path: `${await debit(cell)}${does}` })

/** How the operations on data debits are asked for, and who may. What requesters may do with their own: data-debit-callers.test.ts. */
export const dataDebitRows: Record<string, Row> = {
  listDataDebits: { right: 'proposes', request: plain(`${api}/data-debit`) },
  readDataDebit: { right: 'decides', request: onDebit() },
  proposeDataDebit: {
    right: 'proposes',
    status: 201,
    request: async () => ({
      path: `${api}/data-debit/proposed-${next()}`,
      headers: json,
      body: JSON.stringify(fresh()),
    }),
  },
  updateDataDebit: {
    right: 'decides',
    request: async (cell) => ({ path: await debit(cell), headers: json, body: JSON.stringify(fresh()) }),
  },
  enableDataDebit: { right: 'decides', request: onDebit('/enable') },
  enableDataDebitByGet: { right: 'decides', request: onDebit('/enable') },
  enableDataDebitBundle: {
    right: 'decides',
    request: async (cell) => {
      const name = `bundle-${next()}`
      const path = await debit({ ...cell, exists: false })
      if (cell.exists) {
        const headers = { ...json, 'x-auth-token': cell.server.token }
        const body = JSON.stringify(proposal({ bundle: { ...proposal().bundle, name } }))
        await ask(cell.server.url, { method: 'POST', path, headers, body })
      }
      return { path: `${path}/enable/${name}` }
    },
  },
  disableDataDebit: { right: 'decides', request: onDebit('/disable?atPeriodEnd=false') },
  disableDataDebitByGet: { right: 'decides', request: onDebit('/disable?atPeriodEnd=true') },
  readDataDebitValues: {
    right: 'decides',
    reads: { as: 'values' },
    request: async (cell) => {
      const path = await debit(cell)
      const { token, url } = cell.server
      if (cell.exists)
        await ask(url, { method: 'POST', path: `${path}/enable`, headers: { 'x-auth-token': token } })
      return { path: `${path}/values` }
    },
  },
  previewDataDebit: { right: 'decides', reads: { as: 'query' }, request: onDebit('/preview') },
  rejectDataDebit: { right: 'decides', request: onDebit('/reject') },
  deleteDataDebit: { right: 'decides', request: onDebit() },
}
