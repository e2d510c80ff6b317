import { JsonError, skipSpace, skipValue, unexpected } from '@hatstand/api/json.ts'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'
import type { Body } from './receive-body.ts'

/** Reads one JSON value of a text from an offset on; `end` is the offset behind it. Throws JsonError. */
export type Reader<T extends { end: number }> = (text: string, at: number) => T

/** What the limits of one request are called in its errors. */
type Limits = Pick<Config, 'maxRecordBytes' | 'maxRecords' | 'maxDepth'>

/** The stretch of a body that is in memory, and where it stands. */
interface Window {
  text: string
  at: number
  /** Characters of the body before this stretch. */
  offset: number
  /** Reads on, at least as much again as is left; false at the body's end. */
  more(): boolean
}

function openWindow(body: Body): Window {
  const chunks = body.chunks()[Symbol.iterator]()
  const window: Window = {
    text: '',
    at: 0,
    offset: 0,
    more() {
      let added = ''
      do {
        const next = chunks.next()
        if (next.done) break
        added += next.value
      } while (added.length < window.text.length - window.at)
      if (added === '') return false
      window.text = window.text.slice(window.at) + added
      window.offset += window.at
      window.at = 0
      return true
    },
  }
  window.more()
  return window
}

/** Whether a body holds an array rather than a single value. */
export function isArray(body: Body): boolean {
  const window = openWindow(body)
  skip(window)
  return window.text[window.at] === '['
}

/** The one value a body holds. */
export function readOne<T extends { end: number }>(body: Body, reader: Reader<T>, limits: Limits): T {
  const window = openWindow(body)
  const value = readNext(window, reader, limits, 0)
  finish(window)
  return value
}

/** The elements of the array a body holds, one by one. */
export function* readElements<T extends { end: number }>(
  body: Body,
  reader: Reader<T>,
  limits: Limits,
): Generator<T, void> {
  const window = openWindow(body)
  refuseOther(window, limits)
  window.at += 1
  if (skip(window) === ']') window.at += 1
  else {
    for (let index = 0; ; index++) {
      yield readNext(window, reader, limits, index)
      if (skip(window) === ']') break
      expect(window, ',', 'expected a comma or the end of the array')
    }
    window.at += 1
  }
  finish(window)
}

/** Refuses a body that is JSON, but no array; what is no JSON is refused as that. */
function refuseOther(window: Window, limits: Limits): void {
  if (skip(window) === '[') return
  readNext(window, (text, at) => ({ end: skipValue(text, at, limits.maxDepth) }), limits, 0)
  finish(window)
  throw new ApiError('invalid_body', 'The body must be an array of records')
}

function readNext<T extends { end: number }>(
  window: Window,
  reader: Reader<T>,
  limits: Limits,
  index: number,
): T {
  skip(window)
  for (;;) {
    const read = attempt(window, reader)
    // A value that ends with the stretch may go on behind it: `12` may be the beginning of `123`.
    if (read && (read.end < window.text.length || !window.more())) {
      limitBytes(window.text, window.at, read.end, limits, index)
      window.at = read.end
      return read
    }
    if (window.text.length - window.at > 2 * limits.maxRecordBytes) throw recordTooLarge(limits, index)
  }
}

/** The value at the window, or undefined when more of the body has to be read for it. */
function attempt<T extends { end: number }>(window: Window, reader: Reader<T>): T | undefined {
  try {
    return reader(window.text, window.at)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    if (error.kind === 'end' && window.more()) return undefined
    throw new JsonError(error.reason, error.position + window.offset, error.kind)
  }
}

function limitBytes(text: string, start: number, end: number, limits: Limits, index: number): void {
  // A character takes at most three bytes of UTF-8 a code unit.
  if ((end - start) * 3 <= limits.maxRecordBytes) return
  if (Buffer.byteLength(text.slice(start, end)) > limits.maxRecordBytes) throw recordTooLarge(limits, index)
}

const recordTooLarge = (limits: Limits, index: number) =>
  new ApiError(
    'record_too_large',
    `The record at index ${index} is larger than ${limits.maxRecordBytes} bytes (HATSTAND_MAX_RECORD_BYTES)`,
  )

/** Skips white space; gives the character behind it, or undefined at the body's end. */
function skip(window: Window): string | undefined {
  do window.at = skipSpace(window.text, window.at)
  while (window.at === window.text.length && window.more())
  return window.text[window.at]
}

function expect(window: Window, character: string, reason: string): void {
  if (skip(window) !== character) throw misplaced(window, reason)
  window.at += 1
}

function finish(window: Window): void {
  if (skip(window) !== undefined) throw misplaced(window, 'expected the end of the body')
}

function misplaced(window: Window, reason: string): JsonError {
  const error = unexpected(window.text, window.at, reason)
  return new JsonError(error.reason, error.position + window.offset, error.kind)
}
