/** How deep values may nest unless a caller says otherwise: `[[1]]` is two deep. */
export const maxDepth = 512

/** Why a text is not JSON: the reason in words, and where, in UTF-16 code units from its start. */
export class JsonError extends Error {
  readonly reason: string
  readonly position: number
  /** `end`: the text ended before the value did, so that more of it might complete the value. */
  readonly kind: 'syntax' | 'depth' | 'end'

  constructor(reason: string, position: number, kind: JsonError['kind'] = 'syntax') {
    super(`${reason} at position ${position}`)
    this.name = 'JsonError'
    this.reason = reason
    this.position = position
    this.kind = kind
  }
}

/** A piece of the text, without surrounding white space: from `start` up to, not including, `end`. */
export type Span = { start: number; end: number }

/** Validates the value that starts at an offset and gives the offset behind it; of a member it is told the key. */
type Read = (text: string, start: number, limit: number, key: string) => number
type Spans<Found> = Generator<Found, number, undefined>

/** One member of an object: `key` is decoded, the span is the value's. */
export type Member = Span & { key: string }

const [quote, comma, minus, zero, nine, backslash] = [0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5c] as const
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d] as const

/** The refusal of what stands at `at`: of kind `end` when nothing stands there. */
export function unexpected(text: string, at: number, reason: string): JsonError {
  return at < text.length ? new JsonError(reason, at) : new JsonError(reason, text.length, 'end')
}

/** The offset of the first character at or after `at` that is not white space (RFC 8259, section 2). */
export function skipSpace(text: string, at: number): number {
  let end = at
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) break
    end += 1
  }
  return end
}

/**
 * The offset of the first character behind the quote at `at` that does not stand for itself: a quote, a
 * backslash or a control character; or the text's length. A string is plain when this is its closing quote.
 */
export function plainEnd(text: string, at: number): number {
  let end = at + 1
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if (code === quote || code === backslash || code < 0x20) break
    end += 1
  }
  return end
}

/** The offset right behind the string whose opening quote is at `at`. */
export function stringEnd(text: string, at: number): number {
  let end = plainEnd(text, at)
  while (text.charCodeAt(end) === backslash) end = plainEnd(text, escapeEnd(text, end) - 1)
  if (end >= text.length) throw unexpected(text, end, 'unterminated string')
  if (text.charCodeAt(end) !== quote) throw new JsonError('control character in a string', end)
  return end + 1
}

/** The offset right behind the escape whose backslash is at `at`. */
function escapeEnd(text: string, at: number): number {
  const letter = text.charAt(at + 1)
  const digits = letter === 'u' ? text.slice(at + 2, at + 6) : '0000'
  if (!'"\\/bfnrtu'.includes(letter) || !/^[0-9a-f]*$/i.test(digits))
    throw new JsonError('invalid escape', at)
  if (letter === '' || digits.length < 4) throw unexpected(text, text.length, 'unterminated string')
  return letter === 'u' ? at + 6 : at + 2
}

/** The string as JSON text, with its quotes. */
export const stringText = (value: string): string => JSON.stringify(value)

/** The string a valid JSON string stands for; the span includes its quotes. */
export function stringValue(text: string, start = 0, end = text.length): string {
  return plainEnd(text, start) === end - 1
    ? text.slice(start + 1, end - 1)
    : JSON.parse(text.slice(start, end))
}

function digitsEnd(text: string, at: number): number {
  let end = at
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if (code < zero || code > nine) break
    end += 1
  }
  if (end === at) throw unexpected(text, end, 'invalid number')
  return end
}

/** The offset right behind the number that starts at `at`. At the end of the text it might still go on. */
export function numberEnd(text: string, at: number): number {
  const first = text.charCodeAt(at) === minus ? at + 1 : at
  let end = digitsEnd(text, first)
  if (end > first + 1 && text.charCodeAt(first) === zero) throw new JsonError('invalid number', first)
  if (text.charCodeAt(end) === 0x2e) end = digitsEnd(text, end + 1)
  if ((text.charCodeAt(end) | 0x20) === 0x65) {
    const sign = text.charCodeAt(end + 1)
    end = digitsEnd(text, sign === 0x2b || sign === minus ? end + 2 : end + 1)
  }
  return end
}

function wordEnd(text: string, at: number, word: string): number {
  if (text.startsWith(word, at)) return at + word.length
  const cut = word.startsWith(text.slice(at))
  throw unexpected(text, cut ? text.length : at, 'expected a value')
}

/** The offset right behind the string, number or word (`true`, `false`, `null`) that starts at `at`. */
export function scalarEnd(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === quote) return stringEnd(text, at)
  if (code === minus || (code >= zero && code <= nine)) return numberEnd(text, at)
  if (code === 0x74) return wordEnd(text, at, 'true')
  if (code === 0x66) return wordEnd(text, at, 'false')
  if (code === 0x6e) return wordEnd(text, at, 'null')
  throw unexpected(text, at, 'expected a value')
}

/** The offset of the colon behind the key that ends at `at`. */
export function colonAt(text: string, at: number): number {
  const found = skipSpace(text, at)
  if (text.charCodeAt(found) !== 0x3a) throw unexpected(text, found, 'expected a colon')
  return found
}

/** The offset right behind the key that starts at `at`. */
export function keyEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== quote) throw unexpected(text, at, 'expected a key')
  return stringEnd(text, at)
}

/** The refusal of an array or object at `at` that is one too many levels deep. */
export function tooDeep(at: number, limit: number): JsonError {
  return new JsonError(`nested deeper than ${limit}`, at, 'depth')
}

/** The refusal of what stands where a comma or the closing bracket belongs. */
export function unclosed(text: string, at: number, closer: number): JsonError {
  return unexpected(text, at, `expected a comma or ${String.fromCharCode(closer)}`)
}

/**
 * Validates one value (RFC 8259) that starts at or, behind white space, after `at`, without recursion.
 *
 * @param limit how deep the value's arrays and objects may nest
 * @returns the offset right behind the value; what follows is not looked at
 * @throws JsonError
 */
export function skipValue(text: string, at = 0, limit = maxDepth): number {
  const closers: number[] = []
  let end = at
  for (;;) {
    end = skipSpace(text, end)
    const code = text.charCodeAt(end)
    if (code === openObject || code === openArray) {
      if (closers.length >= limit) throw tooDeep(end, limit)
      const closer = code + 2
      end = skipSpace(text, end + 1)
      if (text.charCodeAt(end) !== closer) {
        closers.push(closer)
        if (closer === closeObject) end = colonAt(text, keyEnd(text, end)) + 1
        continue
      }
      end += 1
    } else end = scalarEnd(text, end)
    end = closeAll(text, end, closers)
    if (closers.length === 0) return end
  }
}

/** Behind a value: closes what ends here, then steps over comma and key to where the next value starts. */
function closeAll(text: string, at: number, closers: number[]): number {
  let end = at
  for (let depth = closers.length; depth > 0; depth -= 1) {
    const closer = closers[depth - 1] ?? closeArray
    end = skipSpace(text, end)
    const code = text.charCodeAt(end)
    if (code === comma && closer === closeArray) return end + 1
    if (code === comma) return colonAt(text, keyEnd(text, skipSpace(text, end + 1))) + 1
    if (code !== closer) throw unclosed(text, end, closer)
    closers.pop()
    end += 1
  }
  return end
}

/** Where the first element or member starts, or the closing bracket stands. */
function inside(text: string, at: number, opener: number, name: string, limit: number): number {
  const start = skipSpace(text, at)
  if (text.charCodeAt(start) !== opener) throw unexpected(text, start, `expected ${name}`)
  if (limit < 1) throw tooDeep(start, limit)
  return skipSpace(text, start + 1)
}

/** Behind an element or member: where the next one starts, or the offset of the closing bracket. */
function next(text: string, at: number, closer: number): { at: number; closed: boolean } {
  const found = skipSpace(text, at)
  const code = text.charCodeAt(found)
  if (code === closer) return { at: found, closed: true }
  if (code !== comma) throw unclosed(text, found, closer)
  return { at: skipSpace(text, found + 1), closed: false }
}

/**
 * The elements of the array that starts at or, behind white space, after `at`, validated one by one.
 *
 * @param limit how deep the array may nest, itself counted
 * @returns the offset right behind the array, as the generator's last value; what follows is not looked at
 * @throws JsonError
 */
export function* elements(text: string, at = 0, limit = maxDepth, read: Read = skipValue): Spans<Span> {
  let start = inside(text, at, openArray, 'an array', limit)
  for (let closed = text.charCodeAt(start) === closeArray; !closed;) {
    const end = read(text, start, limit - 1, '')
    yield { start, end }
    ;({ at: start, closed } = next(text, end, closeArray))
  }
  return start + 1
}

/**
 * The members of the object that starts at or, behind white space, after `at`, repeated keys too, in order.
 * Parameters, result and errors as for `elements`.
 */
export function* members(text: string, at = 0, limit = maxDepth, read: Read = skipValue): Spans<Member> {
  let first = inside(text, at, openObject, 'an object', limit)
  for (let closed = text.charCodeAt(first) === closeObject; !closed;) {
    const behind = keyEnd(text, first)
    const start = skipSpace(text, colonAt(text, behind) + 1)
    const key = stringValue(text, first, behind)
    const end = read(text, start, limit - 1, key)
    yield { key, start, end }
    ;({ at: first, closed } = next(text, end, closeObject))
  }
  return first + 1
}
