import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { type Connection, isBusy } from './connection.ts'

/** How long units may hold the event loop, in milliseconds, before others have a turn. */
const turn = 5
/** How long one transaction gathers units, in milliseconds, before it commits. */
const gathering = 20

interface Waiting {
  work: () => Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/** Runs units one after another; those that arrive in one turn of the event loop share a transaction, each under its own savepoint. */
export interface Writer {
  connection: Connection
  /** Called when a transaction was committed or lost, with what became of it. */
  afterCommit: (committed: boolean) => Promise<void>
  waiting: Waiting[]
  running: Promise<void> | undefined
  turnBegan: number
}

export function createWriter(connection: Connection, afterCommit: Writer['afterCommit']): Writer {
  return { connection, afterCommit, waiting: [], running: undefined, turnBegan: 0 }
}

/** Runs one unit; resolves when it is durable. */
export function runUnit<T>(writer: Writer, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    writer.waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
    writer.running ??= drain(writer)
  })
}

/** Lets others have a turn when this one has lasted long enough. */
export function yieldIfLong(writer: Writer): Promise<void> | undefined {
  if (performance.now() - writer.turnBegan < turn) return undefined
  return nextTurn().then(() => {
    writer.turnBegan = performance.now()
  })
}

async function drain(writer: Writer): Promise<void> {
  // The turn's other requests are still arriving: a lone one loses nothing, many share one commit.
  await nextTurn()
  while (writer.waiting.length > 0) await transaction(writer)
  writer.running = undefined
}

async function transaction(writer: Writer): Promise<void> {
  const { connection, waiting } = writer
  const units: Waiting[] = []
  const outcomes: (() => void)[] = []
  try {
    await beginImmediate(connection)
    const began = (writer.turnBegan = performance.now())
    const run = waiting.length === 1 ? runAlone : runBesideOthers
    for (let one = waiting.shift(); one; one = canGather(began, run) ? waiting.shift() : undefined) {
      units.push(one)
      outcomes.push(await run(connection, one))
    }
    if (connection.inTransaction()) connection.run('commit', [])
  } catch (error) {
    if (connection.inTransaction()) connection.run('rollback', [])
    if (units.length === 0) units.push(...waiting.splice(0))
    await tidyUp(writer, false)
    for (const one of units) one.reject(error)
    return
  }
  for (const tell of outcomes) tell()
  await tidyUp(writer, true)
}

/** What was committed stays so, and its callers know: a failure here must not keep later units from running. */
async function tidyUp(writer: Writer, committed: boolean): Promise<void> {
  try {
    await writer.afterCommit(committed)
  } catch {
    // The log is looked at again after later commits.
  }
}

const canGather = (began: number, run: typeof runAlone) =>
  run === runBesideOthers && performance.now() - began < gathering

/** Another process may hold the lock for a moment: asks again, without stopping the event loop. */
export async function beginImmediate(connection: Connection): Promise<void> {
  for (let wait = 1; ; wait = Math.min(wait * 2, 13)) {
    try {
      connection.run('begin immediate', [])
      return
    } catch (error) {
      if (!isBusy(error)) throw error
      await pause(wait)
    }
  }
}

/** A unit that has the transaction to itself: needs no savepoint. Gives what to tell its caller once it is durable. */
async function runAlone(connection: Connection, one: Waiting): Promise<() => void> {
  try {
    const value = await one.work()
    return () => one.resolve(value)
  } catch (error) {
    if (connection.inTransaction()) connection.run('rollback', [])
    return () => one.reject(error)
  }
}

/** A unit that shares the transaction: when it fails, the others' work stays. */
async function runBesideOthers(connection: Connection, one: Waiting): Promise<() => void> {
  connection.run('savepoint unit', [])
  try {
    const value = await one.work()
    connection.run('release unit', [])
    return () => one.resolve(value)
  } catch (error) {
    // A full disk ends the transaction itself, released savepoints included: then there is nothing to roll back to.
    if (!connection.inTransaction()) throw error
    connection.run('rollback to unit', [])
    connection.run('release unit', [])
    return () => one.reject(error)
  }
}
