import { Worker } from 'node:worker_threads'
import type { Compiled } from './compile.ts'

/** Work for the other thread: a heavy read, moving the log into the file, or leaving no trace of what was deleted. */
export type Task = ({ task: 'query' } & Compiled) | { task: 'checkpoint' } | { task: 'scrub' }
export type Answer = { number: number; rows?: unknown[]; error?: string }

/** A second thread with its own connection, started at its first task: what takes longer than a few milliseconds goes there. */
export interface Aside {
  do(task: Task): Promise<unknown[]>
  close(): Promise<void>
}

export function createAside(file: string): Aside {
  let worker: Worker | undefined
  let last = 0
  const waiting = new Map<number, { resolve: (rows: unknown[]) => void; reject: (error: Error) => void }>()

  function answered({ number, rows, error }: Answer) {
    const one = waiting.get(number)
    waiting.delete(number)
    if (waiting.size === 0) worker?.unref()
    if (error === undefined) one?.resolve(rows ?? [])
    else one?.reject(new Error(error))
  }

  function failed(error: Error) {
    worker = undefined
    for (const one of waiting.values()) one.reject(error)
    waiting.clear()
  }

  function started(): Worker {
    if (worker) return worker
    worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { file },
      // It makes few objects of its own; left alone V8 would reserve for it what it reserves for the server.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    worker.on('message', answered)
    worker.on('error', failed)
    return worker
  }

  return {
    do(task) {
      return new Promise((resolve, reject) => {
        const number = ++last
        waiting.set(number, { resolve, reject })
        const thread = started()
        thread.ref()
        thread.postMessage({ number, task })
      })
    },
    async close() {
      await worker?.terminate()
      failed(new Error('the database is closed'))
    },
  }
}
