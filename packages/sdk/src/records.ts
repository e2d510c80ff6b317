import type { Connection } from './connection.ts'
import { reading } from './reading.ts'
import { removing } from './removing.ts'
import { writing } from './writing.ts'

/** The operations on records. Endpoints are `namespace/path`; data is any value with a JSON form, or `exact(text)`. */
export function records<E>(connection: Connection) {
  return { ...writing<E>(connection), ...reading<E>(connection), ...removing<E>(connection) }
}
