import { CommandError, withAccount } from '../cli/open.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import {
  type KeptToken,
  listAccessTokens,
  revokeAccessToken,
  revokeAccessTokens,
} from '../store/access/access-tokens.ts'
import { writeNoted } from '../store/ledger/entries.ts'

type TokenOptions = { account?: string }

const kinds = { session: 'session', jwt: 'access token', oauth: 'OAuth access token' } as const

/** `hatstand tokens list` */
export async function tokensList(options: TokenOptions): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const tokens = await database.read((unit) => listAccessTokens(unit, pda, now))
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
      const count = await writeNoted(database, pda, entry, (unit) =>
        revokeAccessTokens(unit, pda, chosen, now),
      )
      console.log(
        `Ended ${count === 1 ? '1 access token or session' : `${count} access tokens and sessions`}.`,
      )
      return
    }
    if (!(await writeNoted(database, pda, entry, (unit) => revokeAccessToken(unit, pda, tokenId))))
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
