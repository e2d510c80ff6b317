import type { Adapter, AdapterPayload, errors } from 'oidc-provider'
import type { Context } from '../../context.ts'
import { entryOf } from '../../ledger/entries.ts'
import { removeAccessToken, removeGrant } from '../../store/access/access-tokens.ts'
import {
  consumeModel,
  countsAgain,
  findModel,
  findOAuthToken,
  keepModel,
  keepOAuthToken,
  removeModel,
} from '../../store/access/oauth.ts'
import { appendEntry, writeWithEntry } from '../../store/ledger/entries.ts'
import { opaqueId } from '../opaque-tokens.ts'
import { clientOf, nobodyFor } from './clients.ts'

/** What is kept where: access tokens and consents among all other tokens, so that one look-up knows them; clients are applications. */
export interface AdapterDeps {
  context: Context
  pda: number
  /** The error by which a token request ends when its grant is there no more. */
  InvalidGrant: typeof errors.InvalidGrant
  /** Whether the request that is answered comes from a program, which nobody need be signed in for. */
  isProgram: () => boolean
}

/** How the OAuth server keeps its models: in the tables of one account, shared by every server process. Secrets are kept as digests. */
export function adapterFor(deps: AdapterDeps): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return { ...nothing, find: async (id) => findClient(deps, id) }
    // Hatstand's own session says who is there.
    if (model === 'Session') return nothing
    const removal = { ...nothing, revokeByGrantId: (grantId: string) => endGrant(deps, grantId) }
    if (model === 'AccessToken' || model === 'Grant') return { ...removal, ...amongTokens(deps, model) }
    return { ...removal, ...amongModels(deps, model) }
  }
}

/** A program is answered alike whether an application is registered or not: nobody learns which ones a person has. */
async function findClient({ context, pda, isProgram }: AdapterDeps, id: string) {
  const known = await clientOf(context, pda, id)
  return known ?? (isProgram() ? nobodyFor(context, pda, id) : undefined)
}

const nothing: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
}

const digest = (id: string) => opaqueId(id).tokenId

type GrantPayload = AdapterPayload & { resources?: Record<string, string> }
const tokenKinds = { AccessToken: 'oauth', Grant: 'grant' } as const

function amongTokens({ context, pda, InvalidGrant }: AdapterDeps, model: keyof typeof tokenKinds) {
  const { database, now } = context
  const kind = tokenKinds[model]
  return {
    async upsert(id: string, payload: AdapterPayload, seconds = 0) {
      const grantId = model === 'Grant' ? id : payload.grantId
      if (grantId === undefined || payload.clientId === undefined || payload.accountId === undefined)
        throw new Error(`${model} without a grant, an application or an owner`)
      // What everybody may see of a consent is what was consented to.
      const scope = payload.scope ?? Object.values((payload as GrantPayload).resources ?? {}).join(' ')
      const token = {
        tokenId: digest(id),
        kind,
        holder: payload.clientId,
        subject: payload.accountId,
        scope,
        about: 'OAuth',
        createdAt: now(),
        expiresAt: now() + seconds * 1000,
        grantId,
        payload: withoutSecret(payload),
      }
      // The consent itself is noted where it is given.
      const by = { holder: token.holder, tokenId: token.tokenId, detail: { about: 'OAuth', scope } }
      const entry = model === 'Grant' ? undefined : entryOf(undefined, context, 'token', by)
      const kept = await writeWithEntry(database.of(pda), entry, (unit) => keepOAuthToken(unit, token))
      if (!kept) throw new InvalidGrant('grant not found')
    },
    async find(id: string) {
      const found = await database.of(pda).read((unit) => findOAuthToken(unit, kind, digest(id)))
      return found === undefined ? undefined : { ...(JSON.parse(found) as AdapterPayload), jti: id }
    },
    async destroy(id: string) {
      if (model === 'Grant') await endGrant({ context, pda }, id)
      else await database.of(pda).write((unit) => removeAccessToken(unit, digest(id)))
    },
  }
}

function amongModels({ context, pda, InvalidGrant }: AdapterDeps, model: string) {
  const { database, now } = context
  return {
    async upsert(id: string, payload: AdapterPayload, seconds = 0) {
      const kept = {
        model,
        modelId: digest(id),
        grantId: payload.grantId,
        payload: withoutSecret(payload),
        expiresAt: now() + seconds * 1000,
      }
      if (!(await database.of(pda).write((unit) => keepModel(unit, kept))))
        throw new InvalidGrant('grant not found')
    },
    async find(id: string) {
      const found = await database.of(pda).read((unit) => findModel(unit, model, digest(id)))
      if (found === undefined) return undefined
      const { consumedAt } = found
      const used = consumedAt !== undefined && !countsAgain(model, consumedAt, now())
      const consumed = used && { consumed: Math.floor(consumedAt / 1000) }
      return { ...(JSON.parse(found.payload) as AdapterPayload), jti: id, ...consumed }
    },
    async consume(id: string) {
      if (!(await database.of(pda).write((unit) => consumeModel(unit, model, digest(id), now()))))
        throw new InvalidGrant('already used')
    },
    async destroy(id: string) {
      await database.of(pda).write((unit) => removeModel(unit, model, digest(id)))
    },
  }
}

/** The secret is what a payload is found by; what is kept cannot be used. */
function withoutSecret(payload: AdapterPayload): string {
  return JSON.stringify({ ...payload, jti: undefined })
}

/** Ends a consent: its tokens with it, and what could renew them. */
async function endGrant(
  { context, pda }: Pick<AdapterDeps, 'context' | 'pda'>,
  grantId: string,
): Promise<void> {
  const entry = entryOf(undefined, context, 'revoke', { detail: { what: 'a consent by OAuth' } })
  await context.database.of(pda).write(async (unit) => {
    await removeGrant(unit, grantId)
    await appendEntry(unit, entry)
  })
}
