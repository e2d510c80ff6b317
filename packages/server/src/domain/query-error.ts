/** What a query, bundle, filter or mapping gets wrong, and where: nothing of it is kept or run. */
export class QueryError extends Error {
  /** Where the fault is, such as `[0].filters[2].operator.lower`; empty for the whole. */
  readonly path: string
  /** What is wrong there: the end of a sentence that begins with the path. */
  readonly reason: string

  constructor(path: string, reason: string) {
    super(path === '' ? `the query ${reason}` : `${path} ${reason}`)
    this.name = 'QueryError'
    this.path = path
    this.reason = reason
  }
}

/** The path of a member: `filters`, `[0].filters`; a dot, bracket or backslash in a key is escaped as in field paths. */
export function memberPath(path: string, key: string): string {
  const name = key.replace(/[.\\[\]]/g, '\\$&')
  return path === '' ? name : `${path}.${name}`
}

/** The path of an element: `[0]`, `filters[0]`. */
export const elementPath = (path: string, index: number): string => `${path}[${index}]`
