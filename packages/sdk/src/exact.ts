const mark = Symbol('exact')

/** A JSON text that is sent as it is. */
export interface Exact {
  readonly [mark]: true
  readonly text: string
}

function refuse(): never {
  throw new TypeError('exact(...) must be the whole data of a record, it cannot stand inside a value')
}

/**
 * Marks a JSON text to be sent as it is, where a value would lose something: `exact('{"price": 1.0, "id": 12345678901234567890}')`.
 * It stands for the whole data of a record; inside another value it is refused. The server checks that it is JSON.
 */
export function exact(text: string): Exact {
  return Object.defineProperty({ [mark]: true as const, text }, 'toJSON', { value: refuse })
}

/** The JSON text of a value, or the text that `exact` marked. */
export function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && mark in value) return (value as Exact).text
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`A ${typeof value} has no JSON form`)
  return text
}
