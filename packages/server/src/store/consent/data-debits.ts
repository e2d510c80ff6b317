import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import type { DataDebit, Permission } from '../../domain/consent/data-debit.ts'

type DebitRow = Tables['data_debit']
type PermissionRow = Tables['data_debit_permission']

/** A data debit with its permissions, a deleted one too; undefined when nobody ever proposed one with this id. */
export async function findDebit(unit: Unit, id: string): Promise<DataDebit | undefined> {
  const [debit] = await unit.all<DebitRow>(
    sql`select * from data_debit where pda_id = ${unit.pda} and debit_id = ${id}`,
  )
  if (debit === undefined) return undefined
  const permissions = await unit.all<PermissionRow>(sql`select * from data_debit_permission
    where pda_id = ${unit.pda} and debit_id = ${id} order by permission`)
  return debitOf(debit, permissions)
}

/**
 * All data debits that are not deleted, the newest first.
 * @param holder whose; undefined: everybody's
 */
export async function listDebits(unit: Unit, holder?: string): Promise<DataDebit[]> {
  const of = holder === undefined ? sql`` : sql`and holder = ${holder}`
  const debits = await unit.all<DebitRow>(sql`select * from data_debit
    where pda_id = ${unit.pda} and deleted_at is null ${of} order by created_at desc, debit_id`)
  const permissions = await unit.all<PermissionRow>(sql`select * from data_debit_permission
    where pda_id = ${unit.pda} and debit_id in (select debit_id from data_debit
      where pda_id = ${unit.pda} and deleted_at is null ${of}) order by debit_id, permission`)
  const byDebit = Map.groupBy(permissions, ({ debit_id }) => debit_id)
  return debits.map((debit) => debitOf(debit, byDebit.get(debit.debit_id) ?? []))
}

/** How many data debits that are not deleted a holder has proposed. */
export async function countDebits(unit: Unit, holder: string): Promise<number> {
  const [row] = await unit.all<{
    count: number
  }>(sql`select cast(count(*) as integer) as count from data_debit
    where pda_id = ${unit.pda} and holder = ${holder} and deleted_at is null`)
  return row!.count
}

/**
 * Which of these names a saved bundle has, or another data debit uses for a bundle or for conditions.
 * @param id the data debit that may use them
 */
export async function bundleNamesTaken(unit: Unit, id: string, names: readonly string[]): Promise<string[]> {
  const { dialect } = unit
  const rows = await unit.all<{ bundle_name: string; conditions_name: string | null }>(sql`
    select bundle_name, conditions_name from data_debit_permission one
    join data_debit on data_debit.pda_id = one.pda_id and data_debit.debit_id = one.debit_id
    where one.pda_id = ${unit.pda} and one.debit_id <> ${id} and deleted_at is null
      and (${dialect.among('bundle_name', names, 'text')} or ${dialect.among('conditions_name', names, 'text')})`)
  const saved = await unit.all<{ name: string }>(
    sql`select name from bundle where pda_id = ${unit.pda} and ${dialect.among('name', names, 'text')}`,
  )
  const taken = new Set([
    ...rows.flatMap((row) => [row.bundle_name, row.conditions_name]),
    ...saved.map(({ name }) => name),
  ])
  return names.filter((name) => taken.has(name))
}

export async function addDebit(unit: Unit, debit: DataDebit): Promise<void> {
  const { client } = debit
  await unit.insertMany('data_debit', {
    pda_id: unit.pda,
    debit_id: [debit.id],
    holder: debit.holder,
    form: debit.form,
    secret: debit.secret,
    client_name: client.name,
    client_url: client.url,
    client_logo_url: client.logoUrl,
    client_callback_url: client.callbackUrl ?? null,
    application: client.application ?? null,
    description: client.description ?? null,
    seen: debit.seen,
    created_at: debit.createdAt,
    deleted_at: debit.deletedAt ?? null,
  })
  for (const permission of debit.permissions) await addPermission(unit, debit.id, permission)
}

export async function addPermission(unit: Unit, id: string, permission: Permission): Promise<void> {
  await unit.insertMany('data_debit_permission', {
    pda_id: unit.pda,
    debit_id: [id],
    permission: permission.number,
    purpose: permission.purpose,
    start_at: permission.start,
    period: permission.period,
    cancel_at_end: permission.cancelAtPeriodEnd ? 1 : 0,
    terms_url: permission.termsUrl,
    bundle_name: permission.bundle.name,
    bundle: permission.bundle.text,
    conditions_name: permission.conditions?.name ?? null,
    conditions: permission.conditions?.text ?? null,
    read_limit: permission.readLimit ?? null,
    once: permission.once ? 1 : 0,
    created_at: permission.createdAt,
    ...decisionColumns(permission),
  })
}

/** Keeps what was decided on a permission; what it asks for stays as it was proposed. */
export async function saveDecision(unit: Unit, id: string, permission: Permission): Promise<void> {
  const columns = Object.entries(decisionColumns(permission)).map(
    ([name, value]) => sql`${sql.ref(name)} = ${value}`,
  )
  await unit.all(sql`update data_debit_permission set ${sql.join(columns)}
    where pda_id = ${unit.pda} and debit_id = ${id} and permission = ${permission.number}`)
}

function decisionColumns(permission: Permission) {
  return {
    rejected_at: permission.rejectedAt ?? null,
    accepted_at: permission.acceptedAt ?? null,
    narrowing: permission.narrowing ?? null,
    until_at: permission.until ?? null,
    taken_limit: permission.takenLimit ?? null,
    taken_once: permission.takenOnce ? 1 : 0,
    canceled_at: permission.canceledAt ?? null,
    canceled_at_end: permission.canceledAtPeriodEnd ? 1 : 0,
    used_up_at: permission.usedUpAt ?? null,
  }
}

/** Keeps who asks, whether it is deleted, and what the owner has read. */
export async function saveDebit(unit: Unit, debit: DataDebit): Promise<void> {
  const { client } = debit
  await unit.all(sql`update data_debit set client_name = ${client.name}, client_url = ${client.url},
      client_logo_url = ${client.logoUrl}, client_callback_url = ${client.callbackUrl ?? null},
      application = ${client.application ?? null}, description = ${client.description ?? null},
      seen = ${debit.seen}, deleted_at = ${debit.deletedAt ?? null}
    where pda_id = ${unit.pda} and debit_id = ${debit.id}`)
}

/** Keeps that the owner has read a data debit with this permission as its newest. */
export async function markSeen(unit: Unit, id: string, permission: number): Promise<void> {
  await unit.all(sql`update data_debit set seen = ${permission}
    where pda_id = ${unit.pda} and debit_id = ${id} and seen < ${permission}`)
}

/** One permission of a data debit that is not deleted. */
export async function findPermission(
  unit: Unit,
  id: string,
  number: number,
): Promise<Permission | undefined> {
  const [row] = await unit.all<PermissionRow>(sql`select one.* from data_debit_permission one
    join data_debit on data_debit.pda_id = one.pda_id and data_debit.debit_id = one.debit_id
    where one.pda_id = ${unit.pda} and one.debit_id = ${id} and one.permission = ${number} and deleted_at is null`)
  return row && permissionOf(row)
}

function debitOf(row: DebitRow, permissions: PermissionRow[]): DataDebit {
  return {
    id: row.debit_id,
    holder: row.holder,
    form: row.form,
    secret: row.secret,
    client: {
      name: row.client_name,
      url: row.client_url,
      logoUrl: row.client_logo_url,
      callbackUrl: row.client_callback_url ?? undefined,
      application: row.application ?? undefined,
      description: row.description ?? undefined,
    },
    seen: row.seen,
    createdAt: row.created_at,
    deletedAt: row.deleted_at ?? undefined,
    permissions: permissions.map(permissionOf),
  }
}

function permissionOf(row: PermissionRow): Permission {
  return {
    number: row.permission,
    purpose: row.purpose,
    start: row.start_at,
    period: row.period,
    cancelAtPeriodEnd: row.cancel_at_end === 1,
    termsUrl: row.terms_url,
    bundle: { name: row.bundle_name, text: row.bundle },
    conditions:
      row.conditions === null ? undefined : { name: row.conditions_name ?? '', text: row.conditions },
    readLimit: row.read_limit ?? undefined,
    once: row.once === 1,
    createdAt: row.created_at,
    rejectedAt: row.rejected_at ?? undefined,
    acceptedAt: row.accepted_at ?? undefined,
    narrowing: row.narrowing ?? undefined,
    until: row.until_at ?? undefined,
    takenLimit: row.taken_limit ?? undefined,
    takenOnce: row.taken_once === 1,
    canceledAt: row.canceled_at ?? undefined,
    canceledAtPeriodEnd: row.canceled_at_end === 1,
    usedUpAt: row.used_up_at ?? undefined,
  }
}
