import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Compiled } from '../shared.ts'
import { asOurs, isBusy, pragmas } from './connection.ts'

const cacheBytes = 4 * 2 ** 20
/** How often a locked step is tried again, and the milliseconds between. */
const attempts = 3000
const between = 10

/**
 * A second thread with its own connection, started when it is first needed: what takes longer than a few milliseconds goes there.
 * It does one thing after another; queries wait for the others, because writers wait for a checkpoint.
 */
export interface WorkerClient {
  query(statement: Compiled): Promise<unknown[]>
  /** Moves the log into the file, as far as nobody reads it. */
  checkpoint(): Promise<unknown>
  /** Rewrites the file and cuts the log to nothing, so that neither holds what was deleted. */
  scrub(): Promise<unknown>
  close(): Promise<void>
}

type Row = Record<string, unknown>
type Run = (sql: string, parameters?: Compiled['parameters']) => Promise<Row[]>
type Answer = { rows: Row[] } | { error: string; errcode: number | undefined }

interface Job {
  work: (run: Run) => Promise<Row[]>
  resolve: (rows: Row[]) => void
  reject: (error: unknown) => void
}

export function createWorkerClient(file: string): WorkerClient {
  const thread = createThread(file)
  const [urgent, queries]: [Job[], Job[]] = [[], []]
  let isWorking = false

  async function workOff() {
    if (isWorking) return
    isWorking = true
    for (let one = urgent.shift() ?? queries.shift(); one; one = urgent.shift() ?? queries.shift()) {
      await one.work(thread.run).then(one.resolve, one.reject)
    }
    isWorking = false
  }

  function send(line: Job[], work: Job['work']): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      line.push({ work, resolve, reject })
      void workOff()
    })
  }

  return {
    query: ({ sql, parameters }) => send(queries, (run) => run(sql, parameters)),
    checkpoint: () => send(urgent, (run) => run('pragma wal_checkpoint(passive)')),
    scrub: () => send(urgent, (run) => scrub(run, dirname(file))),
    close: () => thread.end(),
  }
}

async function scrub(run: Run, folder: string): Promise<Row[]> {
  // What is left is copied through a file without a name in the data folder: in memory the copy could be larger than all else.
  await run('pragma temp_store = file')
  await run(`pragma temp_store_directory = '${folder.replaceAll("'", "''")}'`)
  // A word that is gone may still mark where a page of the index begins.
  if ((await run('select rowid from record_words limit 1')).length > 0)
    await retryWhileBusy(() => run(`insert into record_words (record_words) values ('rebuild')`))
  await retryWhileBusy(() => run('vacuum'))
  await run('pragma temp_store = memory')
  // The log still holds what was erased until every reader of it is gone and it is cut to nothing.
  return retryWhileBusy(async () => {
    const rows = await run('pragma wal_checkpoint(truncate)')
    if (rows[0]?.['busy']) throw Object.assign(new Error('the log is still being read'), { errcode: 5 })
    return rows
  })
}

async function retryWhileBusy(step: () => Promise<Row[]>): Promise<Row[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step()
    } catch (error) {
      if (!isBusy(error) || attempt === attempts) throw error
      await pause(between)
    }
  }
}

const over = 'the database is closed'

/** The thread itself: one statement at a time. It keeps the process alive only while it works. */
function createThread(file: string) {
  let worker: Worker | undefined
  let told: ((answer: Answer) => void) | undefined
  let isOver = false

  function tell(answer: Answer) {
    worker?.unref()
    told?.(answer)
    told = undefined
  }

  function start(): Worker {
    const started = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file, pragmas: pragmas(cacheBytes) },
      // It makes few objects of its own; left alone V8 would reserve for it what it reserves for the server.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    return started.on('message', tell).on('error', ({ message }) => {
      worker = undefined
      tell({ error: message, errcode: undefined })
    })
  }

  const run: Run = async (sql, parameters = []) => {
    if (isOver) throw new Error(over)
    const answer = await new Promise<Answer>((resolve) => {
      told = resolve
      worker ??= start()
      worker.ref()
      worker.postMessage({ sql, parameters })
    })
    if ('rows' in answer) return answer.rows
    throw asOurs(Object.assign(new Error(answer.error), { errcode: answer.errcode }))
  }

  return {
    run,
    async end() {
      isOver = true
      await worker?.terminate()
      tell({ error: over, errcode: undefined })
    },
  }
}
