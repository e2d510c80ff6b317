import { randomBytes } from 'node:crypto'
import type { Unit } from '../../database/port.ts'
import {
  applicationClient,
  applicationDebitId,
  applicationRequest,
  asksTheSame,
  dataRetrieved,
} from '../../domain/access/application-data.ts'
import { parseDefinition } from '../../domain/access/definition.ts'
import { accepted, disclosureBy } from '../../domain/consent/acceptance.ts'
import type { DataDebit, Permission } from '../../domain/consent/data-debit.ts'
import { proposedPermission } from '../../domain/consent/proposal.ts'
import { QueryError } from '../../domain/queries/text.ts'
import { addDebit, addPermission, findDebit, saveDebit } from './data-debits.ts'
import { acceptPermission, disableDebit } from './decisions.ts'

/**
 * Puts the data debit of an application in force, as its definition asks, when the owner accepts the application; the same as
 * before once more, or a new permission. What the owner took away of the one before stays away.
 */
export async function acceptApplicationDebit(
  unit: Unit,
  { id: application, definition }: { id: string; definition: string },
  now: number,
): Promise<void> {
  const bundle = dataRetrieved(definition)
  if (bundle === undefined) return
  const value = parseDefinition(definition)
  const id = applicationDebitId(application)
  const client = applicationClient(value)
  const found = await findDebit(unit, id)
  const last = found?.permissions.findLast((one) => asksTheSame(one, value, bundle))
  const number = (found?.permissions.length ?? 0) + 1
  const before = found?.permissions.findLast(({ acceptedAt }) => acceptedAt !== undefined)
  const asked =
    last ?? narrowedAs(before, proposedPermission(applicationRequest(value, bundle, now), number, now))
  const permissions = [...(found?.permissions ?? []), ...(last ? [] : [asked])]
  const fresh: Pick<DataDebit, 'id' | 'holder' | 'form' | 'secret' | 'createdAt'> = {
    id,
    holder: application,
    form: '2.6',
    secret: randomBytes(32).toString('base64url'),
    createdAt: now,
  }
  const debit = { ...fresh, ...found, client, seen: permissions.length, deletedAt: undefined, permissions }
  if (found === undefined) await addDebit(unit, debit)
  else {
    await saveDebit(unit, debit)
    if (!last) await addPermission(unit, id, asked)
  }
  await acceptPermission(unit, debit, accepted(asked, {}, '{}', now), undefined)
}

/** A permission with what the owner took away of another, if that makes sense of it. */
function narrowedAs(before: Permission | undefined, permission: Permission): Permission {
  const { narrowing, takenLimit, takenOnce = false } = before ?? {}
  const same = { ...permission, narrowing, takenLimit, takenOnce }
  try {
    disclosureBy(same)
    return same
  } catch (error) {
    if (error instanceof QueryError) return permission
    throw error
  }
}

/** Ends the data debit of an application at once. */
export async function endApplicationDebit(unit: Unit, application: string, now: number): Promise<void> {
  const debit = await findDebit(unit, applicationDebitId(application))
  if (debit && debit.deletedAt === undefined)
    await disableDebit(unit, debit, { now, atPeriodEnd: false }, undefined)
}
