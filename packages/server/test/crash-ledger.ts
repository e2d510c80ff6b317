/** A record as the server promised to keep it; `versions` are the texts it had before. */
export interface Kept {
  endpoint: string
  text: string
  versions: string[]
}

/** A value on its way into an endpoint. */
export interface Draft {
  endpoint: string
  text: string
}

/** One request that changes something, as it must happen: whole or not at all. */
export type Operation =
  | { kind: 'save'; drafts: Draft[]; groups: number[][] }
  | { kind: 'update'; changes: { id: string; text: string }[] }
  | { kind: 'delete'; ids: string[] }
  | { kind: 'link'; ids: string[] }
  | { kind: 'erase'; ids: string[] }

/** What must be in the database: everything that was acknowledged. */
export interface Ledger {
  records: Map<string, Kept>
  /** Deleted records live on in the history. */
  deleted: Map<string, Kept>
  groups: Set<string>[]
  /** Erasing takes steps of the counter away for good. */
  erased: boolean
}

export const emptyLedger = (): Ledger => ({
  records: new Map(),
  deleted: new Map(),
  groups: [],
  erased: false,
})

/** Notes that an operation happened. `ids` are the new records', in the order of their drafts. */
export function happened(ledger: Ledger, operation: Operation, ids: string[] = []): void {
  if (operation.kind === 'save') {
    for (const [index, { endpoint, text }] of operation.drafts.entries())
      ledger.records.set(ids[index]!, { endpoint, text, versions: [] })
    for (const group of operation.groups) ledger.groups.push(new Set(group.map((index) => ids[index]!)))
  } else if (operation.kind === 'update') {
    for (const { id, text } of operation.changes) {
      const record = ledger.records.get(id)!
      record.versions.push(record.text)
      record.text = text
    }
  } else if (operation.kind === 'link') ledger.groups.push(new Set(operation.ids))
  else for (const id of operation.ids) leave(ledger, id, operation.kind)
}

function leave(ledger: Ledger, id: string, how: 'delete' | 'erase'): void {
  const record = ledger.records.get(id)!
  ledger.records.delete(id)
  if (how === 'delete') ledger.deleted.set(id, { ...record, versions: [...record.versions, record.text] })
  else ledger.erased = true
  for (const group of ledger.groups) group.delete(id)
}

/** What the database holds, as far as it tells what happened. */
export interface Found {
  /** Id -> text of every record. */
  texts: Map<string, string>
  /** `endpoint text` -> id. */
  ids: Map<string, string>
  /** Each group's ids, sorted and joined. */
  groups: string[]
}

export const nameOf = (ids: Iterable<string>): string => [...ids].toSorted().join(' ')

/**
 * Brings a ledger up to date with an operation nobody acknowledged: one trace of it tells that it happened, and then the
 * ledger wants it whole.
 * @returns whether it happened
 */
export function settle(ledger: Ledger, operation: Operation, found: Found): boolean {
  if (operation.kind !== 'save') {
    const traced = isTraced(ledger, operation, found)
    if (traced) happened(ledger, operation)
    return traced
  }
  const ids = operation.drafts.map(({ endpoint, text }) => found.ids.get(`${endpoint} ${text}`))
  if (ids.every((id) => id === undefined)) return operation.drafts.length === 0
  happened(
    ledger,
    operation,
    ids.map((id, index) => id ?? `missing: ${index} of ${ids.length}`),
  )
  return true
}

function isTraced(ledger: Ledger, operation: Exclude<Operation, { kind: 'save' }>, found: Found): boolean {
  if (operation.kind === 'update')
    return operation.changes.some(({ id, text }) => found.texts.get(id) === text)
  if (operation.kind !== 'link') return operation.ids.some((id) => !found.texts.has(id))
  const name = nameOf(operation.ids)
  const count = ledger.groups.filter((group) => nameOf(group) === name).length
  return found.groups.filter((group) => group === name).length > count
}
