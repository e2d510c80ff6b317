import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import type { Endpoint } from './records/endpoints.ts'
import { listOrder } from './records/orders.ts'
import { type Page, type PageText, pageText, type Shown } from './records/pages.ts'

/**
 * One record by its id, as JSON, in an array when `list` is set.
 * @returns with the name of its endpoint; undefined when there is none, or `mayShow` says no to its endpoint
 */
export async function readRecord(
  unit: Unit,
  pda: number,
  recordId: string,
  mayShow: (endpoint: string) => boolean,
  shown: Shown,
  list: boolean,
): Promise<(PageText & { endpoint: string }) | undefined> {
  const [row] = await unit.all<
    Endpoint & { place: number }
  >(sql`select place, name, endpoint.endpoint_id, largest, awkward
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and record_id = ${unit.dialect.id(recordId)}`)
  if (!row || !mayShow(row.name)) return undefined
  const order = listOrder(unit, pda, [row.place])
  const page: Page = {
    after: undefined,
    last: undefined,
    count: 1,
    begin: list ? '[' : '',
    end: list ? ']' : '',
  }
  return { ...(await pageText(unit, { pda, endpoint: row, order, shown }, page)), endpoint: row.name }
}

/** What a duplicate's place says to a caller who may read there. */
export async function recordsAt(
  unit: Unit,
  pda: number,
  places: number[],
): Promise<Map<number, { recordId: string; endpoint: string }>> {
  const rows = await unit.all<{ place: number; record_id: string; name: string }>(sql`
    select place, ${unit.dialect.idText('record_id')} as record_id, name
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and ${unit.dialect.among('place', places, 'number')}`)
  return new Map(rows.map((row) => [row.place, { recordId: row.record_id, endpoint: row.name }]))
}
