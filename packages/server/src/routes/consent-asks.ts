import type { Context } from '../context.ts'
import type { Role } from '../domain/access/roles.ts'
import { listSources } from '../store/records/sources.ts'
import { roleInWords } from './role-words.ts'

/** A namespace, and what is kept in it now. */
export interface NamespaceAsked {
  namespace: string
  records: number
  endpoints: number
}

/** What somebody asks for, ready to be shown. */
export interface Asks {
  /** Asked for is everything there is; the rest then says nothing more. */
  everything: { records: number; endpoints: number } | undefined
  reads: NamespaceAsked[]
  writes: NamespaceAsked[]
  /** In words that go on from "it may". */
  others: string[]
}

type Counts = Map<string, { records: number; endpoints: number }>

/** What roles come to at this moment, with the numbers of records and endpoints they reach. */
export async function asksOf(context: Context, pda: number, roles: readonly Role[]): Promise<Asks> {
  const counts = await countNamespaces(context, pda)
  const named = (name: Role['role']) =>
    roles
      .filter(({ role }) => role === name)
      .map(({ detail: namespace }) => ({ namespace, ...(counts.get(namespace) ?? none) }))
  const others = roles.filter(({ role }) => role !== 'namespaceread' && role !== 'namespacewrite')
  return {
    everything: roles.some(({ role }) => role === 'owner') ? sum(counts) : undefined,
    reads: named('namespaceread'),
    writes: named('namespacewrite'),
    others: others.filter(({ role }) => role !== 'owner').map(roleInWords),
  }
}

const none = { records: 0, endpoints: 0 }

async function countNamespaces(context: Context, pda: number): Promise<Counts> {
  const counts: Counts = new Map()
  for (const { name, records } of await context.database.read((unit) => listSources(unit, pda))) {
    const namespace = name.split('/', 1)[0] as string
    const { records: before, endpoints } = counts.get(namespace) ?? none
    counts.set(namespace, { records: before + records, endpoints: endpoints + 1 })
  }
  return counts
}

function sum(counts: Counts) {
  const each = [...counts.values()]
  return {
    records: each.reduce((total, { records }) => total + records, 0),
    endpoints: each.reduce((total, { endpoints }) => total + endpoints, 0),
  }
}
