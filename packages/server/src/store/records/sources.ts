import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { inOrder } from '../../domain/json/comparing.ts'

/** What `GET /data/sources` tells of one endpoint. */
interface Source {
  name: string
  changed_at: number
  records: number
  bytes: number
}

/** Every endpoint that holds a record, by name. */
export async function listSources(unit: Unit): Promise<Source[]> {
  const sources =
    await unit.all<Source>(sql`select name, max(changed_at) as changed_at, sum(records) as records, sum(bytes) as bytes
    from endpoint join endpoint_block on endpoint_block.pda_id = endpoint.pda_id and endpoint_block.endpoint_id = endpoint.endpoint_id
    where endpoint.pda_id = ${unit.pda} group by endpoint.endpoint_id, name having sum(records) > 0`)
  return inOrder(sources, ({ name }) => name)
}

/**
 * When endpoints were last written, updated or deleted from, in milliseconds since 1970; those that hold no record are left out.
 * @param names full names, `rumpel/locations`
 */
export async function lastChanges(unit: Unit, names: readonly string[]): Promise<Map<string, number>> {
  if (names.length === 0) return new Map()
  const rows = await unit.all<{ name: string; changed_at: number }>(sql`
    select name, max(changed_at) as changed_at
    from endpoint join endpoint_block on endpoint_block.pda_id = endpoint.pda_id and endpoint_block.endpoint_id = endpoint.endpoint_id
    where endpoint.pda_id = ${unit.pda} and ${unit.dialect.among('name', names, 'text')}
    group by endpoint.endpoint_id, name having sum(records) > 0`)
  return new Map(rows.map(({ name, changed_at }) => [name, changed_at]))
}
