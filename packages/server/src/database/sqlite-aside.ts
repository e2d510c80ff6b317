import { Worker } from 'node:worker_threads'
import type { Compiled } from './compile.ts'

/** Work for the other thread: a heavy read, moving the log into the file, or leaving no trace of what was deleted. */
export type Task = ({ task: 'query' } & Compiled) | { task: 'checkpoint' } | { task: 'scrub' }
export type Answer = { rows?: unknown[]; error?: string }

interface Errand {
  task: Task
  resolve: (rows: unknown[]) => void
  reject: (error: Error) => void
}

/**
 * A second thread with its own connection, started at its first task: what takes longer than a few milliseconds goes there. It does one
 * task after another; queries wait for the others, because writers wait for a checkpoint.
 */
export interface Aside {
  do(task: Task): Promise<unknown[]>
  close(): Promise<void>
}

export function createAside(file: string): Aside {
  let worker: Worker | undefined
  let current: Errand | undefined
  const queries: Errand[] = []
  const others: Errand[] = []

  function next() {
    if (current) return
    current = others.shift() ?? queries.shift()
    if (!current) return worker?.unref()
    worker ??= startThread(file).on('message', answered).on('error', failed)
    worker.ref()
    worker.postMessage(current.task)
  }

  function answered({ rows, error }: Answer) {
    const done = current
    current = undefined
    if (error === undefined) done?.resolve(rows ?? [])
    else done?.reject(new Error(error))
    next()
  }

  function failed(error: Error) {
    worker = undefined
    const lost = [...others.splice(0), ...queries.splice(0)]
    if (current) lost.push(current)
    current = undefined
    for (const one of lost) one.reject(error)
  }

  return {
    do(task) {
      return new Promise((resolve, reject) => {
        const line = task.task === 'query' ? queries : others
        line.push({ task, resolve, reject })
        next()
      })
    },
    async close() {
      await worker?.terminate()
      failed(new Error('the database is closed'))
    },
  }
}

function startThread(file: string): Worker {
  return new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
    workerData: { file },
    // It makes few objects of its own; left alone V8 would reserve for it what it reserves for the server.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
}
