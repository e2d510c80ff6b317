import { sealOnce } from '../src/jobs/seal-ledgers.ts'
import { entryOfCommand } from '../src/ledger/entries.ts'
import { appendAlone } from '../src/store/ledger/entries.ts'
import { api, type Cell, plain, type Row } from './rights-cells.ts'

/** An account in which something happened that is sealed. */
async function sealed({ server: { context } }: Cell) {
  const entry = entryOfCommand({ config: context.config, now: context.now() }, 'keys')
  await appendAlone(context.database.of(1), entry!)
  await sealOnce(context)
  return { path: `${api}/ledger/head` }
}

/** How the operations on the ledger are asked for, and who may. */
export const ledgerRows: Record<string, Row> = {
  listLedger: { right: 'owner', request: plain(`${api}/ledger`) },
  readLedgerHead: { right: 'owner', request: sealed },
  listSeals: { right: 'owner', request: plain(`${api}/ledger/seals`) },
}
