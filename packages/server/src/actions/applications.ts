import type { AccountDatabase, Unit } from '../database/port.ts'
import { applicationDebitId, dataConsent } from '../domain/access/application-data.ts'
import { newRoles, parseDefinition, rolesOf } from '../domain/access/definition.ts'
import { type Caller, mayGrant } from '../domain/access/rights.ts'
import type { Role } from '../domain/access/roles.ts'
import { decides } from '../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { ApiError } from '../errors.ts'
import * as store from '../store/access/applications.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import { appendEntry, writeWithEntry } from '../store/ledger/entries.ts'

/** What an application is granted, in place of all it had. */
export interface Grant {
  /** Of the definition that is meant: when another is registered by then, nothing is granted. */
  version: string
  roles: readonly Role[]
  /** The data it is handed stays what the owner accepted before: nothing was shown of what its definition asks for now. */
  keepsData?: true
  /** The definition to register first, as exact JSON text; left out when the one that is there stays. */
  definition?: string
}

/**
 * Says what an application is granted, given how it stands while nobody else can change it.
 * @returns undefined when nothing is to be granted
 */
type Terms = (
  known: store.Application | undefined,
  unit: Unit,
) => Grant | undefined | Promise<Grant | undefined>

/**
 * Sets an application up, whoever asks and by whichever door: one unit, in which the account is locked before the application is looked
 * at, so that what is granted is what was decided on; and its entry of the ledger.
 * @param how.entry what the ledger says of it, given the version
 * @param how.now milliseconds since 1970
 * @returns the application as it is now, or undefined when nothing was granted
 * @throws what `terms` throws; nothing is granted then
 */
export function setUp(
  database: AccountDatabase,
  id: string,
  terms: Terms,
  { entry, now }: { entry: (version: string) => LedgerEntry | undefined; now: number },
): Promise<store.Application | undefined> {
  return database.write(async (unit) => {
    await unit.lock()
    const grant = await terms(await store.findApplication(unit, id), unit)
    if (grant === undefined) return undefined
    const { definition, ...granted } = grant
    const { version } = granted
    if (definition !== undefined) await store.registerApplication(unit, { id, version, definition }, now)
    if (!(await store.setUpApplication(unit, { id, ...granted }, now))) return undefined
    await appendEntry(unit, entry(version))
    return store.findApplication(unit, id)
  })
}

/** What its definition asks for at this moment, and nothing that it asks for later. */
export const asItAsks: Terms = (known) =>
  known && { version: known.version, roles: rolesOf(parseDefinition(known.definition)) }

/**
 * The same for a caller who is not the owner in person: the owner grants anything, others what they have themselves or the application
 * has already.
 * @throws `forbidden` (403) when the definition asks for more than the caller can give
 */
export const asItAsksOf =
  (caller: Caller, now: number): Terms =>
  async (known, unit) => {
    const grant = await asItAsks(known, unit)
    if (known === undefined || grant === undefined) return undefined
    const refused = newRoles(grant.roles, known.roles).find((role) => !mayGrant(caller, role))
    if (refused) throw beyond(refused)
    const debit = applicationDebitId(known.id)
    if (!decides(caller) && dataConsent(known.definition, await findDebit(unit, debit), now) !== 'same')
      throw beyond({ role: 'datadebit', detail: debit })
    return grant
  }

const beyond = ({ role, detail }: Role) =>
  new ApiError(
    'forbidden',
    `The application asks for more than you can give, ${`${role} ${detail}`.trim()}: the owner has to accept it`,
  )

/** What the owner was shown: of another definition nothing is granted, be it of the same version. */
export const asShown =
  (definition: string): Terms =>
  (known, unit) =>
    known?.definition === definition ? asItAsks(known, unit) : undefined

/** Takes all an application was granted, its tokens too. @returns whether there is one with this id */
export function disable(
  database: AccountDatabase,
  id: string,
  entry: LedgerEntry | undefined,
  now: number,
): Promise<boolean> {
  return writeWithEntry(database, entry, (unit) => store.disableApplication(unit, id, now))
}

/** Forgets an application; its data debits end. @returns whether there was one with this id */
export function remove(
  database: AccountDatabase,
  id: string,
  entry: LedgerEntry | undefined,
  now: number,
): Promise<boolean> {
  return writeWithEntry(database, entry, (unit) => store.removeApplication(unit, id, now))
}
