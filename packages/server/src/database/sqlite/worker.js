// Plain JavaScript: to run TypeScript, a thread takes 30 MB more, for the part of Node that strips the types.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const database = new DatabaseSync(workerData.file, { timeout: 0 })
database.exec(workerData.pragmas)

parentPort.on('message', ({ sql, parameters }) => {
  try {
    parentPort.postMessage({ rows: database.prepare(sql).all(...parameters) })
  } catch (error) {
    parentPort.postMessage({ error: error.message, errcode: error.errcode })
  }
})
