import { request as open } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, path, signIn, startHatstand, startServer } from './hatstand.ts'
import { drive, requestBytes } from './load.ts'
import { locations, recordBytes } from './locations.ts'
import type { Measure, Scene } from './measures.ts'
import { saveThousands } from './posting.ts'

/** How long a server is left alone before it counts as idle, in milliseconds. */
const idle = 1500
/** Records of one piece of the long body. */
const pieceRecords = 300

/** Row 10: a server on a folder that is there already: its start, what it needs while idle, and while it takes in a long body. */
export const starting: Scene = {
  rows: ['10'],
  async run({ bodyBytes }) {
    const folder = freshFolder()
    const first = await startHatstand({ folder })
    await saveThousands(first, locations(0, 1000))
    await first.stop()
    const began = performance.now()
    const child = await startServer({ folder })
    const asking = requestBytes('GET', '/healthz', { host: `localhost:${child.port}` })
    await drive({ port: child.port, connections: 1, count: 1, request: () => asking, status: 200 })
    const milliseconds = performance.now() - began
    await pause(idle)
    const measures: Measure[] = [
      { row: '10', figure: child.rss().now },
      { row: '10c', figure: milliseconds },
    ]
    const server = await signIn(child)
    server.forgetPeak()
    const records = Math.floor(bodyBytes / (recordBytes + 1))
    const seconds = await upload(server, 1000, records)
    measures.push({ row: '10b', figure: server.rss().peak }, { row: '10d', figure: seconds })
    await server.mustHold(1000 + records)
    await server.stop()
    removeFolder(folder)
    return measures
  },
}

/**
 * Sends records as one body, in pieces, and reads the answer to its end.
 * @returns seconds
 */
function upload(server: Hatstand, first: number, count: number): Promise<number> {
  const began = performance.now()
  const length = count * (recordBytes + 1) + 1
  return new Promise((resolve, reject) => {
    const sending = open({
      port: server.port,
      path,
      method: 'POST',
      headers: { ...server.headers, 'content-length': length },
    })
    sending.on('error', reject)
    sending.on('response', (answer) => {
      if (answer.statusCode !== 201) reject(new Error(`the long body got the status ${answer.statusCode}`))
      answer.on('error', reject).on('end', () => resolve((performance.now() - began) / 1000))
      answer.resume()
    })
    Readable.from(pieces(first, count), { objectMode: false }).pipe(sending)
  })
}

function* pieces(first: number, count: number): Generator<string> {
  for (let from = 0; from < count; from += pieceRecords) {
    const texts = locations(first + from, Math.min(pieceRecords, count - from))
    yield `${from === 0 ? '[' : ','}${texts.join()}`
  }
  yield ']'
}
