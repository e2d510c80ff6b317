import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { inOrder } from '../../domain/json/comparing.ts'

/** What `GET /data/sources` tells of one endpoint. */
export interface Source {
  name: string
  changed_at: number
  records: number
  bytes: number
}

/** Every endpoint that holds a record, by name. */
export async function listSources(unit: Unit, pda: number): Promise<Source[]> {
  const sources =
    await unit.all<Source>(sql`select name, max(changed_at) as changed_at, sum(records) as records, sum(bytes) as bytes
    from endpoint join endpoint_block on endpoint_block.pda_id = endpoint.pda_id and endpoint_block.endpoint_id = endpoint.endpoint_id
    where endpoint.pda_id = ${pda} group by endpoint.endpoint_id, name having sum(records) > 0`)
  return inOrder(sources, ({ name }) => name)
}
