import { randomUUID } from 'node:crypto'
import { revoke, revokeMany } from '../actions/access-tokens.ts'
import { type Bearer, issueToken } from '../auth/access-tokens.ts'
import { makeSigningKey } from '../auth/keys.ts'
import type { Account } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { type KeptToken, listAccessTokens } from '../store/access/access-tokens.ts'
import { findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { listSigningKeys, rotateSigningKey } from '../store/access/signing-keys.ts'
import { appendEntry } from '../store/ledger/entries.ts'
import { CommandError, withAccount } from './open.ts'

/** `hatstand token ID`: prints the token alone. */
export async function tokenCommand(id: string, options: { account?: string; days: number }): Promise<void> {
  await withAccount(options, async (account, { config, database, now }) => {
    const bearer = await database.of(account.pda).read((unit) => bearerOf(unit, account, id))
    console.log(
      await issueToken({ config, database, now: () => now }, account, bearer, 'command line', options.days),
    )
  })
}

async function bearerOf(unit: Unit, { domain }: Account, id: string): Promise<Bearer> {
  const owner = await findOwner(unit)
  if (id === ownerHolder) {
    if (owner === undefined)
      throw new CommandError(`The account ${domain} has no owner yet: use "hatstand owner set NAME".`)
    return { kind: 'owner', subject: owner.subject }
  }
  const application = await findApplication(unit, id)
  if (application === undefined) throw new CommandError(`The account ${domain} has no application ${id}.`)
  const { enabled, setupVersion } = application
  if (!enabled || setupVersion === undefined)
    throw new CommandError(
      `The application ${id} is not set up, or was disabled: use "hatstand application set-up ${id}".`,
    )
  return {
    kind: 'application',
    subject: owner?.subject ?? randomUUID(),
    application: id,
    version: setupVersion,
  }
}

type TokenOptions = { account?: string }

const kinds = { session: 'session', jwt: 'access token', oauth: 'OAuth access token' } as const

/** `hatstand tokens list` */
export async function tokensList(options: TokenOptions): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const tokens = await database.of(pda).read((unit) => listAccessTokens(unit, now))
    if (tokens.length === 0) console.log(`No access token or session of ${domain} counts.`)
    for (const token of tokens) console.log(inWords(token))
  })
}

/** `hatstand tokens revoke ID` and `hatstand tokens revoke --all` */
export async function tokensRevoke(
  tokenId: string | undefined,
  options: TokenOptions & { all?: true; holder?: string },
): Promise<void> {
  const { holder } = options
  const many = options.all === true || holder !== undefined
  if (many === (tokenId !== undefined))
    throw new CommandError('Say which: the id of one, or --all, or --holder with whose tokens end.')
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const ended = tokenId === undefined ? { holder } : { accessToken: tokenId }
    const entry = entryOfCommand(tools, 'revoke', { detail: ended })
    if (tokenId === undefined) {
      const chosen = holder === undefined ? {} : { holder }
      const count = await revokeMany(database.of(pda), chosen, entry, now)
      console.log(
        `Ended ${count === 1 ? '1 access token or session' : `${count} access tokens and sessions`}.`,
      )
      return
    }
    if (!(await revoke(database.of(pda), tokenId, entry)))
      throw new CommandError(`The account ${domain} has no access token or session ${tokenId}.`)
    console.log(`Ended ${tokenId}.`)
  })
}

const time = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 16)}Z`

function inWords({ tokenId, kind, holder, about, scope, createdAt, usedAt, expiresAt }: KeptToken): string {
  const used = usedAt > createdAt ? `last used ${time(usedAt)}` : 'not used after its first minute'
  const what = `${kinds[kind]} of ${holder} (${about}${scope === undefined ? '' : `; ${scope}`})`
  return `${tokenId}: ${what}, made ${time(createdAt)}, ${used}, ends ${time(expiresAt)}.`
}

type KeyOptions = { account?: string }

const dayMilliseconds = 86_400_000

/** `hatstand keys rotate`: a new key signs from now on. */
export async function keysRotate(options: KeyOptions & { overlap: number }): Promise<void> {
  const key = await makeSigningKey()
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const end = now + options.overlap * dayMilliseconds
    const entry = entryOfCommand(tools, 'keys', { detail: { key: key.keyId } })
    await database.of(pda).write(async (unit) => {
      await rotateSigningKey(unit, key, now, end)
      await appendEntry(unit, entry)
    })
    const before =
      options.overlap === 0
        ? 'What was signed before counts no more'
        : `What was signed before counts until ${new Date(end).toISOString()}`
    console.log(`The key ${key.keyId} signs the access tokens of ${domain} now. ${before}.`)
  })
}

/** `hatstand keys list` */
export async function keysList(options: KeyOptions): Promise<void> {
  await withAccount(options, async ({ pda }, { database, now }) => {
    const keys = await database.of(pda).read((unit) => listSigningKeys(unit, now))
    for (const { keyId, createdAt, expiresAt } of keys) {
      const made = `made ${new Date(createdAt).toISOString()}`
      console.log(
        expiresAt === undefined
          ? `${keyId}: signs, ${made}.`
          : `${keyId}: verifies until ${new Date(expiresAt).toISOString()}, ${made}.`,
      )
    }
  })
}
