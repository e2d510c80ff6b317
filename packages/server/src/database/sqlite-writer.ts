import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { type Connection, isBusy } from './sqlite-connection.ts'

/** How long units may hold the event loop, in milliseconds, before others have a turn. */
const turn = 5
/** How long one transaction gathers units, in milliseconds, before it commits. */
const gathering = 20

type Waiting = {
  work: () => Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/** Runs units one after another; those that arrive in one turn of the event loop share a transaction, each under its own savepoint. */
export interface Writer {
  run<T>(work: () => Promise<T>): Promise<T>
  /** Lets others have a turn when this one has lasted long enough. */
  breathe(): Promise<void> | undefined
  close(): Promise<void>
}

/**
 * @param afterCommit called when a transaction was committed or lost, with what became of it
 */
export function createWriter(
  connection: Connection,
  afterCommit: (committed: boolean) => Promise<void>,
): Writer {
  let waiting: Waiting[] = []
  let running: Promise<void> | undefined
  let turnBegan = 0

  /** Another process may hold the lock for a moment: ask again, without stopping the event loop. */
  async function begin() {
    for (let wait = 1; ; wait = Math.min(wait * 2, 13)) {
      try {
        connection.exec('begin immediate')
        return
      } catch (error) {
        if (!isBusy(error)) throw error
        await pause(wait)
      }
    }
  }

  /** One unit under its savepoint. Gives what to tell its caller once the transaction is durable. */
  async function runUnit(one: Waiting): Promise<() => void> {
    connection.exec('savepoint unit')
    try {
      const value = await one.work()
      connection.exec('release unit')
      return () => one.resolve(value)
    } catch (error) {
      // A full disk ends the transaction itself, released savepoints included: then there is nothing to roll back to.
      if (!connection.inTransaction()) throw error
      connection.exec('rollback to unit; release unit')
      return () => one.reject(error)
    }
  }

  async function transaction() {
    const units: Waiting[] = []
    const outcomes: (() => void)[] = []
    try {
      await begin()
      const began = (turnBegan = performance.now())
      for (
        let one = waiting.shift();
        one;
        one = performance.now() - began < gathering ? waiting.shift() : undefined
      ) {
        units.push(one)
        outcomes.push(await runUnit(one))
      }
      connection.exec('commit')
    } catch (error) {
      if (connection.inTransaction()) connection.exec('rollback')
      await afterCommit(false)
      if (units.length === 0) units.push(...waiting.splice(0))
      for (const one of units) one.reject(error)
      return
    }
    for (const tell of outcomes) tell()
    await afterCommit(true)
  }

  async function drain() {
    // The turn's other requests are still arriving: a lone one loses nothing, many share one commit.
    await nextTurn()
    while (waiting.length > 0) await transaction()
    running = undefined
  }

  return {
    run<T>(work: () => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
        running ??= drain()
      })
    },
    breathe() {
      if (performance.now() - turnBegan < turn) return undefined
      return nextTurn().then(() => {
        turnBegan = performance.now()
      })
    },
    async close() {
      while (running) await running
    },
  }
}
