import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { Answer, Task } from './sqlite-aside.ts'
import { connect, isBusy } from './sqlite-connection.ts'

const cacheBytes = 4 * 2 ** 20
const { file } = workerData as { file: string }
const connection = connect(file, cacheBytes)

/** How often a locked step is tried again, 10 ms apart. */
const attempts = 3000

function work(task: Task): unknown[] {
  if (task.task === 'query') return connection.all(task.sql, task.parameters)
  if (task.task === 'checkpoint') return connection.all('pragma wal_checkpoint(passive)', [])
  // What is left is copied through a file without a name in the data folder: in memory the copy could be larger than all else.
  connection.exec(
    `pragma temp_store = file; pragma temp_store_directory = '${dirname(file).replaceAll("'", "''")}'`,
  )
  insist(() => connection.exec('vacuum'))
  connection.exec('pragma temp_store = memory')
  // The log still holds what was erased until every reader of it is gone and it is cut to nothing.
  insist(() => {
    const [row] = connection.all('pragma wal_checkpoint(truncate)', []) as { busy: number }[]
    if (row!.busy) throw Object.assign(new Error('the log is still being read'), { errcode: 5 })
  })
  return []
}

function insist(step: () => void) {
  for (let attempt = 1; ; attempt++) {
    try {
      step()
      return
    } catch (error) {
      if (!isBusy(error) || attempt === attempts) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

parentPort!.on('message', (task: Task) => {
  let answer: Answer
  try {
    answer = { rows: work(task) }
  } catch (error) {
    answer = { error: (error as Error).message }
  }
  parentPort!.postMessage(answer)
})
