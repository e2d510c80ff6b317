import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, which would take one between its choice and its use. */
const [first, count] = [10_000, 20_000]
/** Processes that run side by side begin at places of their own. */
let next = (process.pid * 97) % count

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    next = (next + 1) % count
    if (await isFree(first + next)) return first + next
  }
  throw new Error('every port is taken')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
