import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { applicationDebitId, dataConsent } from '../domain/access/application-data.ts'
import { newRoles, rolesOf, parseDefinition } from '../domain/access/definition.ts'
import { mayGrant } from '../domain/access/rights.ts'
import { decides } from '../domain/consent/data-debit.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { findApplication, setUpApplication as storeSetUp } from '../store/access/applications.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import { noteEntry } from '../store/ledger/entries.ts'

/**
 * Sets an application up: it is granted what its definition asks for at this moment, and nothing that it asks for later. The owner
 * grants anything; others what they have themselves or the application has already.
 * Nothing happens when there is no such application.
 * @throws `forbidden` (403) when the definition asks for more than the caller can give
 */
export async function setUp(context: Context, request: FastifyRequest, id: string): Promise<void> {
  const { database, now } = context
  const { caller, account } = request
  const beyond = await database.write(account.pda, async (unit) => {
    await unit.count(0)
    const found = await findApplication(unit, account.pda, id)
    if (found === undefined) return undefined
    const roles = rolesOf(parseDefinition(found.definition))
    const refused = newRoles(roles, found.roles).find((role) => !mayGrant(caller, role))
    if (refused) return refused
    if (!decides(caller) && (await wantsMore(unit, account.pda, id, found.definition, now())))
      return { role: 'datadebit', detail: applicationDebitId(id) }
    await storeSetUp(unit, account.pda, { id, version: found.version, roles }, now())
    const detail = { application: id, version: found.version }
    await noteEntry(unit, account.pda, entryOf(request, context, 'set_up', { detail }))
    return undefined
  })
  if (beyond !== undefined)
    throw new ApiError(
      'forbidden',
      `The application asks for more than you can give, ${`${beyond.role} ${beyond.detail}`.trim()}: the owner has to accept it`,
    )
}

/** Whether an application is to be handed data that the owner does not let it have now. */
async function wantsMore(
  unit: Unit,
  pda: number,
  id: string,
  definition: string,
  now: number,
): Promise<boolean> {
  const debit = await findDebit(unit, pda, applicationDebitId(id))
  return dataConsent(definition, debit, now) !== 'same'
}
