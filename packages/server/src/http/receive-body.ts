import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readSync, unlinkSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { stringText } from '@hatstand/api/json.ts'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import type { App } from '../context.ts'
import { ApiError } from '../errors.ts'

/** Up to this many bytes a body waits in memory; a longer one in a file of the data folder, without a name. */
const inMemory = 1_048_576
/** How much of a file is in memory at a time. */
const windowBytes = 65_536

/** A JSON body, received whole: nothing else waits for a client that sends slowly. */
export interface Body {
  bytes: number
  /** Its text, a stretch at a time, from the beginning each time it is asked for. */
  chunks(): Iterable<string>
  close(): void
}

/** How much of a body is taken, and why no more, as its refusal says. */
interface Limit {
  bytes: number
  why: string
}

/**
 * Receives the body of a request whose caller and rights were checked.
 * @throws ApiError `invalid_json` when there is none, `body_too_large`, `content_type_unsupported`; while its text is read
 *   `invalid_utf8` with the position in bytes, `byte_order_mark`
 */
export async function receiveBody(request: FastifyRequest, config: Config): Promise<Body> {
  const limit = { bytes: config.maxBodyBytes, why: 'HATSTAND_MAX_BODY_BYTES' }
  const { stream, length } = streamOf(request, limit)
  return length <= inMemory ? receiveShort(stream) : receiveLong(stream, limit, config.dataDir)
}

/**
 * Receives a body of at most so many bytes as one text, in memory.
 * @param maxBytes at most 1 MiB
 * @throws ApiError as `receiveBody`
 */
export async function receiveText(request: FastifyRequest, maxBytes: number): Promise<string> {
  const limit = { bytes: Math.min(maxBytes, inMemory), why: 'the most this route takes' }
  const { stream, length } = streamOf(request, limit)
  const body = length <= limit.bytes ? await receiveShort(stream) : await receiveLong(stream, limit, '')
  return [...body.chunks()].join('')
}

function streamOf(request: FastifyRequest, limit: Limit): { stream: Readable; length: number } {
  const length = Number(request.headers['content-length'] ?? NaN)
  const stream = request.body as Readable | undefined
  if (!stream || length === 0)
    throw new ApiError('invalid_json', 'The body is empty: a JSON value was expected at position 0')
  refuseEncoded(request)
  if (length > limit.bytes) throw tooLarge(limit)
  return { stream, length }
}

function refuseEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new ApiError(
      'content_type_unsupported',
      `The body must not be encoded, not even as ${stringText(encoding)}`,
    )
  const charset =
    /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8'
  if (!/^utf-?8$/i.test(charset))
    throw new ApiError('content_type_unsupported', `The body must be UTF-8, not ${stringText(charset)}`)
}

const tooLarge = ({ bytes, why }: Limit) =>
  new ApiError('body_too_large', `The body is larger than ${bytes} bytes (${why})`)

function receiveShort(stream: Readable): Promise<Body> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => resolve(memoryBody(parts.length === 1 ? parts[0]! : Buffer.concat(parts))))
    stream.on('error', reject)
    stream.on('close', () => stream.readableEnded || reject(brokenOff()))
  })
}

const brokenOff = () =>
  new ApiError('body_unreadable', 'The connection was closed before the body had arrived')

async function receiveLong(stream: Readable, limit: Limit, dataDir: string): Promise<Body> {
  const parts: Buffer[] = []
  let bytes = 0
  let spool: Spool | undefined
  try {
    // A limit or a full disk ends the reading, not the connection: the refusal goes out on it.
    for await (const part of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > limit.bytes) throw tooLarge(limit)
      if (!spool && bytes > inMemory) {
        spool = await openSpool(dataDir)
        for (const earlier of parts) await spool.handle.appendFile(earlier)
      }
      if (spool) await spool.handle.appendFile(part)
      else parts.push(part)
    }
  } catch (error) {
    await spool?.close()
    // A stream that has ended destroys itself, too: then all had arrived.
    throw stream.destroyed && !stream.readableEnded && !(error instanceof ApiError) ? brokenOff() : error
  }
  return spool ? fileBody(spool, bytes) : memoryBody(Buffer.concat(parts))
}

type Spool = { handle: FileHandle; close(): Promise<void> }

async function openSpool(dataDir: string): Promise<Spool> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, `body-${randomUUID()}`)
  const handle = await open(file, 'wx+', 0o600)
  const release = boundGarbage()
  // Without its name the file is gone with the process, however that ends. Windows keeps names of open files.
  const named = process.platform === 'win32'
  if (!named) unlinkSync(file)
  return {
    handle,
    async close() {
      release()
      await handle.close()
      if (named) unlinkSync(file)
    },
  }
}

function memoryBody(buffer: Buffer): Body {
  return {
    bytes: buffer.length,
    chunks: () => [decoded(buffer, 0)],
    close: () => undefined,
  }
}

function fileBody(spool: Spool, bytes: number): Body {
  return {
    bytes,
    *chunks() {
      const buffer = Buffer.allocUnsafe(windowBytes)
      let kept = 0
      for (let position = 0; position < bytes;) {
        const read = readSync(spool.handle.fd, buffer, kept, windowBytes - kept, position)
        if (read === 0) throw new Error('a spooled body ended early')
        const whole = position + read < bytes ? wholeCharacters(buffer, kept + read) : kept + read
        yield decoded(buffer.subarray(0, whole), position - kept)
        buffer.copyWithin(0, whole, kept + read)
        position += read
        kept = kept + read - whole
      }
    },
    close: () => void spool.close().catch(() => undefined),
  }
}

/** How many of the first bytes end with a whole character. */
function wholeCharacters(buffer: Buffer, length: number): number {
  let start = length - 1
  while (start > length - 4 && (buffer[start]! & 0xc0) === 0x80) start -= 1
  const lead = buffer[start]!
  const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  return start + size > length ? start : length
}

function decoded(bytes: Buffer, position: number): string {
  if (position === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new ApiError(
      'byte_order_mark',
      'The body begins with a byte-order mark at position 0: JSON is sent without one (RFC 8259, section 8.1)',
    )
  if (isUtf8(bytes)) return bytes.toString('utf8')
  throw new ApiError('invalid_utf8', `The body is not UTF-8 at byte ${position + firstInvalid(bytes)}`)
}

/** The offset of the first byte that is not UTF-8, found by halving. */
function firstInvalid(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) good = middle
    else bad = middle
  }
  return wholeCharacters(bytes, good)
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

let bounded = 0
let collect: Collect | undefined

/**
 * Keeps garbage small until the returned function is called: for requests whose bodies are larger than what they should take. V8's space for
 * new objects is emptied and no longer grows (left alone it does under load, and what waits in it keeps buffers outside of it alive), and the
 * rest of the heap grows by less than half before it is collected. Measured with a body of 100 MB: 260 to 360 MB at most without this; small
 * requests would take a fifth longer with it.
 */
function boundGarbage(): () => void {
  if (++bounded === 1) {
    setFlagsFromString('--semi-space-growth-factor=1')
    setFlagsFromString('--heap-growing-percent=40')
    collectAll()
  }
  let ended = false
  return () => {
    if (ended) return
    ended = true
    if (--bounded > 0) return
    setFlagsFromString('--semi-space-growth-factor=2')
    setFlagsFromString('--heap-growing-percent=0')
  }
}

/**
 * Collects all garbage, and gives back the space that was made for it. Takes some 20 ms: once for a long body or several that come together,
 * and once after the start, whose garbage V8 would keep room for (measured: 20 MB of an idle server).
 */
export function collectAll(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** A body up to this size is read and forgotten, so that its connection can be used again. */
const forgettable = 65_536
/** How long a connection stays half open after a refusal, so that the client sees the answer before its end. */
const lingerMilliseconds = 1000

/**
 * A request that is answered before its body was read does not get to send it: the connection closes after the answer,
 * unless the rest is small.
 */
export function refuseUnreadBodies(app: App): void {
  app.addHook('onSend', async (request, reply) => {
    if (request.raw.complete || !isLarge(request)) return
    reply.header('connection', 'close')
    closeGently(request.raw.socket)
  })
}

function isLarge(request: FastifyRequest): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true
  return Number(request.headers['content-length'] ?? 0) > forgettable
}

/**
 * Node destroys the socket right behind the last answer. With bytes of the body unread that resets the connection, and the
 * reset can overtake the answer. So only our side ends at once, and nothing more is read.
 */
function closeGently(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    socket.pause()
    setTimeout(() => socket.destroy(), lingerMilliseconds).unref()
  }
}
