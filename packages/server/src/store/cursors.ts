import { placeBase } from '../database/tables.ts'
import type { Standing } from './queries/streams.ts'
import type { Position } from './records/orders.ts'

/** A position as the `after` of a `Link`: opaque to clients, the same on every server of the account. */
export function cursorOf(pda: number, { key, back }: Position): string {
  const seq = -back - placeBase(pda)
  return Buffer.from(`${seq}.${key ? Buffer.from(key).toString('base64url') : ''}`).toString('base64url')
}

/**
 * @param ordered whether the read orders by a path, so that its positions have keys
 * @returns undefined when the text is no cursor, or one of a read in another order
 */
export function positionOf(pda: number, cursor: string, ordered: boolean): Position | undefined {
  const found = /^(\d{1,10})\.([\w-]*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (!found || (found[2] !== '') !== ordered) return undefined
  const back = -(placeBase(pda) + Number(found[1]))
  return ordered ? { key: Buffer.from(found[2]!, 'base64url'), back } : { back }
}

/** The same for a list of queries. */
export const listCursorOf = (pda: number, { index, ...position }: Standing): string =>
  Buffer.from(`${index} ${cursorOf(pda, position)}`).toString('base64url')

/** @returns undefined as `positionOf` */
export function standingOfCursor(pda: number, cursor: string, ordered: boolean): Standing | undefined {
  const found = /^(\d{1,3}) ([\w-]*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  const position = found && positionOf(pda, found[2]!, ordered)
  return position ? { ...position, index: Number(found[1]) } : undefined
}
