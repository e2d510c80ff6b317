import { connect, type Socket } from 'node:net'

/** How one run of requests went: seconds in all, and milliseconds of each request in the order they ended. */
export interface Run {
  seconds: number
  milliseconds: Float64Array
}

/** What is sent: each request complete, as bytes, so that sending costs this process next to nothing. */
export interface Load {
  port: number
  connections: number
  count: number
  request: (index: number) => Buffer
  /** The status every answer must have. */
  status: number
}

const readBytes = 512 * 1024
const headEnd = Buffer.from('\r\n\r\n')
const lengthField = Buffer.from('content-length: ')
const lastChunk = Buffer.from('0\r\n\r\n')

/**
 * Sends requests over keep-alive connections, each the next one when its answer has arrived whole.
 * @throws an Error when an answer has another status, or a connection ends
 */
export async function drive(load: Load): Promise<Run> {
  const milliseconds = new Float64Array(load.count)
  let sent = 0
  let done = 0
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => opened(load.port)))
  const began = performance.now()
  await Promise.all(
    sockets.map(async (socket) => {
      while (sent < load.count) {
        const from = performance.now()
        const status = await socket.ask(load.request(sent++))
        if (status !== load.status) throw new Error(`an answer has the status ${status}`)
        milliseconds[done++] = performance.now() - from
      }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  for (const socket of sockets) socket.end()
  return { seconds, milliseconds }
}

interface Opened {
  ask(request: Buffer): Promise<number>
  end(): void
}

/** A connection that reads into one buffer of its own, and looks at no more of an answer than where it ends. */
function opened(port: number): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let answered: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined
    const answer = answers((status) => answered?.resolve(status))
    const fail = (error: Error) => {
      reject(error)
      answered?.reject(error)
    }
    const socket: Socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(readBytes),
        callback(bytes, buffer) {
          answer((buffer as Buffer).subarray(0, bytes))
          return true
        },
      },
    })
    socket.once('error', fail)
    socket.once('close', () => fail(new Error('the server closed a connection')))
    socket.once('connect', () =>
      resolve({
        ask: (request) =>
          new Promise((yes, no) => {
            answered = { resolve: yes, reject: no }
            socket.write(request)
          }),
        end: () => socket.destroy(),
      }),
    )
  })
}

/** Takes what arrives and tells the status of each answer that is whole. */
function answers(tell: (status: number) => void): (bytes: Buffer) => void {
  let head = Buffer.alloc(0)
  let status = 0
  /** Bytes of the body still to come; undefined in a head; NaN in a body sent in chunks. */
  let left: number | undefined
  let tail = Buffer.alloc(0)

  function body(bytes: Buffer) {
    if (Number.isNaN(left)) {
      tail = bytes.length >= 5 ? Buffer.from(bytes.subarray(-5)) : Buffer.concat([tail, bytes]).subarray(-5)
      if (!tail.equals(lastChunk)) return
    } else {
      left! -= bytes.length
      if (left! > 0) return
    }
    left = undefined
    tell(status)
  }

  return (bytes) => {
    if (left !== undefined) return body(bytes)
    const all = head.length === 0 ? bytes : Buffer.concat([head, bytes])
    const end = all.indexOf(headEnd)
    if (end === -1) {
      head = Buffer.from(all)
      return
    }
    head = Buffer.alloc(0)
    status = Number(all.toString('latin1', 9, 12))
    const field = all.subarray(0, end + 2).indexOf(lengthField)
    left =
      field === -1 ? NaN : Number.parseInt(all.toString('latin1', field + lengthField.length, field + 30), 10)
    body(all.subarray(end + 4))
  }
}

/** One request as bytes. */
export function requestBytes(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Buffer {
  const sized = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const fields = Object.entries({ ...headers, ...sized }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n${body ?? ''}`)
}
