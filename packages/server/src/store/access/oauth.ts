import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import { addAccessToken, type NewToken, removeGrant } from './access-tokens.ts'

const rowsForgotten = 1000

/** A code, a refresh token or an unfinished question, as it is kept. Times in milliseconds since 1970. */
export interface KeptModel {
  model: string
  /** The SHA-256 of its secret. */
  modelId: string
  /** The consent it came of; undefined before there is one. */
  grantId?: string | undefined
  payload: string
  expiresAt: number
}

/**
 * Keeps a model, or what changed of it. It locks the account, so that nothing is kept of a consent that is taken back meanwhile.
 * @returns false when its consent is there no more; nothing is kept then
 */
export async function keepModel(unit: Unit, kept: KeptModel): Promise<boolean> {
  await unit.lock()
  const { model, modelId, grantId, payload, expiresAt } = kept
  if (grantId !== undefined && !(await hasGrant(unit, grantId))) return false
  await unit.all(sql`
    insert into oauth_model (pda_id, model, model_id, grant_id, payload, expires_at)
    values (${unit.pda}, ${model}, ${modelId}, ${grantId ?? null}, ${payload}, ${expiresAt})
    on conflict (pda_id, model, model_id) do update set payload = ${payload}, expires_at = ${expiresAt}`)
  return true
}

/**
 * Keeps an access token, or the consent it comes of: `kind` is `oauth` or `grant`.
 * @returns false when the consent is there no more, or the application was disabled or removed; nothing is kept then
 */
export async function keepOAuthToken(unit: Unit, token: NewToken & { grantId: string }): Promise<boolean> {
  await unit.lock()
  if (token.kind === 'oauth' && !(await hasGrant(unit, token.grantId))) return false
  if (!(await addAccessToken(unit, token))) return false
  // A consent was last used when it last gave a token: the tokens themselves are forgotten soon.
  await unit.all(sql`
    update access_token set used_at = ${token.createdAt}
    where pda_id = ${unit.pda} and grant_id = ${token.grantId} and kind = 'grant'`)
  return true
}

/** The payload of an access token or a consent. */
export async function findOAuthToken(
  unit: Unit,
  kind: 'oauth' | 'grant',
  tokenId: string,
): Promise<string | undefined> {
  const [row] = await unit.all<{ payload: string | null }>(
    sql`select payload from access_token where pda_id = ${unit.pda} and token_id = ${tokenId} and kind = ${kind}`,
  )
  return row?.payload ?? undefined
}

async function hasGrant(unit: Unit, grantId: string): Promise<boolean> {
  const found = await unit.all(
    sql`select 1 from access_token where pda_id = ${unit.pda} and grant_id = ${grantId} and kind = 'grant'`,
  )
  return found.length > 0
}

export async function findModel(
  unit: Unit,
  model: string,
  modelId: string,
): Promise<{ payload: string; consumedAt: number | undefined } | undefined> {
  const [row] = await unit.all<{ payload: string; consumed_at: number | null }>(sql`
    select payload, consumed_at from oauth_model
    where pda_id = ${unit.pda} and model = ${model} and model_id = ${modelId}`)
  return row && { payload: row.payload, consumedAt: row.consumed_at ?? undefined }
}

/**
 * For so many milliseconds after its first use a refresh token gives tokens again: of two tabs that renew at once, or of a client that
 * lost an answer, neither is a thief.
 */
const renewedAgain = 60_000

/** Whether what was used at that time counts nevertheless. */
export function countsAgain(model: string, consumedAt: number, now: number): boolean {
  return model === 'RefreshToken' && now < consumedAt + renewedAgain
}

/**
 * Uses up what counts once. Of two who come with the same code, or later with the same refresh token, one is a thief, and nobody knows
 * which: the second ends everything that came of the consent.
 * @returns false for the second, in whatever process
 */
export async function consumeModel(
  unit: Unit,
  model: string,
  modelId: string,
  now: number,
): Promise<boolean> {
  await unit.lock()
  const used = await unit.all(sql`
    update oauth_model set consumed_at = ${now}
    where pda_id = ${unit.pda} and model = ${model} and model_id = ${modelId} and consumed_at is null returning model_id`)
  if (used.length > 0) {
    await dropUsed(unit, model, modelId)
    return true
  }
  const [known] = await unit.all<{ grant_id: string | null; consumed_at: number }>(sql`
    select grant_id, consumed_at from oauth_model where pda_id = ${unit.pda} and model = ${model} and model_id = ${modelId}`)
  if (known && countsAgain(model, known.consumed_at, now)) {
    await dropUnused(unit, model, known.grant_id)
    return true
  }
  if (known?.grant_id) await removeGrant(unit, known.grant_id)
  return false
}

/** So many refresh tokens of a consent wait for their use at most: one for each tab or program that renewed at the same time. */
export const maxUnused = 50

/** Forgets the oldest of what was given at once and is not used. */
async function dropUnused(unit: Unit, model: string, grantId: string | null): Promise<void> {
  const unused = await unit.all<{
    model_id: string
    payload: string
  }>(sql`select model_id, payload from oauth_model
    where pda_id = ${unit.pda} and model = ${model} and grant_id = ${grantId} and consumed_at is null`)
  if (unused.length < maxUnused) return
  unused.sort((one, other) => madeAt(other) - madeAt(one))
  for (const { model_id: modelId } of unused.slice(maxUnused - 1)) await removeModel(unit, model, modelId)
}

/** So many of a consent are remembered as used: who comes with one of them ends the consent, who comes with an older one is refused. */
export const maxUsed = 20

/** Forgets all but the newest of what was used of the same consent: a busy application renews its access every few minutes. */
async function dropUsed(unit: Unit, model: string, modelId: string): Promise<void> {
  const sameConsent = sql`pda_id = ${unit.pda} and model = ${model} and consumed_at is not null and grant_id =
    (select grant_id from oauth_model where pda_id = ${unit.pda} and model = ${model} and model_id = ${modelId})`
  await unit.all(sql`delete from oauth_model where pda_id = ${unit.pda} and model = ${model} and model_id in
    (select model_id from oauth_model where ${sameConsent} order by consumed_at desc, model_id limit ${rowsForgotten} offset ${maxUsed})`)
}

/** In seconds, as the OAuth server writes it. */
function madeAt({ payload }: { payload: string }): number {
  return (JSON.parse(payload) as { iat?: number }).iat ?? 0
}

export async function removeModel(unit: Unit, model: string, modelId: string): Promise<void> {
  await unit.all(
    sql`delete from oauth_model where pda_id = ${unit.pda} and model = ${model} and model_id = ${modelId}`,
  )
}

/** Forgets what the OAuth server keeps that has expired, of one account, some at a time. */
export async function forgetModels(database: AccountDatabase, now: number): Promise<void> {
  for (let left = rowsForgotten; left === rowsForgotten;) {
    left = await database.write(async (unit) => {
      const rows =
        await unit.all(sql`delete from oauth_model where pda_id = ${unit.pda} and (model, model_id) in
        (select model, model_id from oauth_model where pda_id = ${unit.pda} and expires_at < ${now} limit ${rowsForgotten}) returning model_id`)
      return rows.length
    })
  }
}
