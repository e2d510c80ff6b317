import { createQueryId, type QueryCompiler } from 'kysely'
import type { AccountDatabase, Database, SharedWork, Unit, Statement, Value } from './port.ts'

/** How much the engines put into one shared unit, in rows or kilobytes. */
const rowsTogether = 2000

/** Opens a unit on an account. */
type OpenUnit = <T>(pda: number, fn: (unit: Unit) => Promise<T>) => Promise<T>
type Gathering = { items: unknown[]; weight: number; results: Promise<unknown[]> }

/**
 * Like `write`, for work that can be done for many callers at once: items of one account that wait for the same work go
 * into one unit, so that many small requests cost little more than one.
 * @param most the weight of items at which a unit takes no more
 */
function createTogether(write: OpenUnit, most: number) {
  const gatherings = new Map<unknown, Map<number, Gathering>>()

  function gather<Item, Result>(pda: number, work: SharedWork<Item, Result>): Gathering {
    const ofWork = gatherings.get(work) ?? new Map<number, Gathering>()
    gatherings.set(work, ofWork)
    const items: Item[] = []
    const results = write(pda, (unit) => {
      // From here on the unit runs, perhaps a second time: who comes now waits for the next.
      if (ofWork.get(pda)?.items === items) ofWork.delete(pda)
      return work(unit, items)
    })
    const gathering = { items, weight: 0, results }
    ofWork.set(pda, gathering)
    return gathering
  }

  return async function writeCoalesced<Item, Result>(
    pda: number,
    work: SharedWork<Item, Result>,
    item: Item,
    weight: number,
  ): Promise<Result> {
    const open = gatherings.get(work)?.get(pda)
    const gathering = open && open.weight + weight <= most ? open : gather(pda, work)
    gathering.weight += weight
    const index = gathering.items.push(item) - 1
    return (await gathering.results)[index] as Result
  }
}

/** What an engine gives to each account. */
export function accountDatabases(
  whole: Pick<Database, 'dialect' | 'one' | 'scrub'> & Pick<AccountDatabase, 'background'>,
  read: OpenUnit,
  write: OpenUnit,
): Database['of'] {
  const writeCoalesced = createTogether(write, rowsTogether)
  return (pda) => ({
    ...whole,
    pda,
    engine: whole,
    read: (fn) => read(pda, fn),
    write: (fn) => write(pda, fn),
    writeCoalesced: (work, item, weight) => writeCoalesced(pda, work, item, weight),
  })
}

/**
 * Shares long work: each call waits for a run that began after it, and calls that come while one runs share the next.
 * @param work has done for all who asked before it began
 */
export function createShared(work: () => Promise<unknown>): () => Promise<void> {
  let next: Promise<void> | undefined
  let running: Promise<unknown> = Promise.resolve()
  const run = async () => {
    next = undefined
    const mine = work()
    running = mine.catch(() => undefined)
    await mine
  }
  return () => (next ??= running.then(run))
}

/** Stands for the account in a unit that reads all of them: no account has this number. */
export const allAccounts = 0

/** SQL text with its parameters, as an engine runs it. */
export type Compiled = { sql: string; parameters: Value[] }

/** Kysely describes a statement; this makes it the engine's text. */
export function compile(compiler: QueryCompiler, statement: Statement<unknown>): Compiled {
  const { sql, parameters } = compiler.compileQuery(statement.toOperationNode(), createQueryId())
  return { sql, parameters: parameters as Value[] }
}
