import type { ErrorCode } from '@hatstand/api/errors.ts'
import { type BadInput, someId } from './bad-input.ts'

/** Limits small enough to be passed. */
export const limits = {
  HATSTAND_MAX_BODY_BYTES: '3000000',
  HATSTAND_MAX_RECORD_BYTES: '200000',
  HATSTAND_MAX_RECORDS: '50',
  HATSTAND_MAX_DEPTH: '40',
}
/** White space that makes a body wait on disk, and be read a window at a time. */
export const long = ' '.repeat(1_200_000)

/** The routes that take a body, and how data stands in it. */
export const routes = [
  { method: 'POST', path: '/data/test/things', before: '', after: '' },
  { method: 'POST', path: '/data/test/things?skipErrors=true', before: '[', after: ']' },
  { method: 'POST', path: '/data-batch', before: '[{"endpoint":"test/things","data":', after: '}]' },
  {
    method: 'POST',
    path: '/data-batch',
    before: '[{"endpoint":"test/a","data":1,"links":[{"endpoint":"test/b","data":',
    after: '}]}]',
  },
  {
    method: 'PUT',
    path: '/data',
    before: `[{"endpoint":"test/things","recordId":"${someId}","data":`,
    after: '}]',
  },
]

type Route = (typeof routes)[number]

/** A body that a route must refuse. */
export function badBody(
  { method, path }: Route,
  body: BadInput['body'] & {},
  code: ErrorCode,
  cause: RegExp | string,
  what: string,
): BadInput {
  return { what, method, path, body, code, cause }
}

/** The end of a cause that names a position. */
export const at = (position: number) => new RegExp(`position ${position}$`)

/** A body whose length is not told. */
export function pieces(text: string): ReadableStream {
  const bytes = new TextEncoder().encode(text)
  return ReadableStream.from(
    Array.from({ length: Math.ceil(bytes.length / 100_000) }, (_, index) =>
      bytes.subarray(index * 100_000, (index + 1) * 100_000),
    ),
  )
}
