import { makeSigningKey } from '../auth/keys.ts'
import { withAccount } from '../cli/open.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { listSigningKeys, rotateSigningKey } from '../store/access/signing-keys.ts'
import { noteEntry } from '../store/ledger/entries.ts'

type KeyOptions = { account?: string }

const dayMilliseconds = 86_400_000

/** `hatstand keys rotate`: a new key signs from now on. */
export async function keysRotate(options: KeyOptions & { overlap: number }): Promise<void> {
  const key = await makeSigningKey()
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const end = now + options.overlap * dayMilliseconds
    const entry = entryOfCommand(tools, 'keys', { detail: { key: key.keyId } })
    await database.write(pda, async (unit) => {
      await rotateSigningKey(unit, pda, key, now, end)
      await noteEntry(unit, pda, entry)
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
    const keys = await database.read((unit) => listSigningKeys(unit, pda, now))
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
