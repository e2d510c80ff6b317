import { isSignedBy } from './auth/keys.ts'
import type { Database } from './database/port.ts'
import { type Fault, headFault, type Seal, sealFault, sealText } from './domain/ledger.ts'
import { findPublicKey } from './store/access/signing-keys.ts'
import { entriesOfSeal, findSeal, sealsAfter, strayEntry } from './store/ledger/seals.ts'

/** Seals read at once. */
const sealsRead = 200

/** How much of a ledger was looked at, and the first thing in it that is not as it was sealed. */
export interface Checked {
  seals: number
  entries: number
  fault: Fault | undefined
}

/**
 * Verifies an account's whole ledger: every entry, seal and signature, from the first on.
 * @param kept a head that was kept elsewhere, if any
 * @param progress is told after each few seals how far it is
 */
export async function checkLedger(
  database: Database,
  pda: number,
  kept?: Seal,
  progress: (seals: number, entries: number) => void = () => undefined,
): Promise<Checked> {
  const keys = new Map<string, string | undefined>()
  let [seals, entries]: [number, number] = [0, 0]
  let before: Seal | undefined
  for (let more = true; more; progress(seals, entries)) {
    const block = await database.read((unit) => sealsAfter(unit, pda, before?.seal ?? 0, sealsRead))
    for (const seal of block) {
      if (!keys.has(seal.keyId))
        keys.set(seal.keyId, await database.read((unit) => findPublicKey(unit, pda, seal.keyId)))
      const sealed = await database.read((unit) => entriesOfSeal(unit, pda, seal.seal))
      const fault = sealFault(seal, before, sealed, (one) => isSigned(one, keys.get(one.keyId)))
      if (fault) return { seals, entries, fault }
      before = seal
      seals += 1
      entries += sealed.length
    }
    more = block.length === sealsRead
  }
  return { seals, entries, fault: await endFault(database, pda, kept) }
}

function isSigned(seal: Seal, publicPem: string | undefined): boolean {
  return publicPem !== undefined && isSignedBy(publicPem, sealText(seal), seal.signature)
}

/** What only the end shows: entries of no seal, and a head that is not there. */
async function endFault(database: Database, pda: number, kept: Seal | undefined): Promise<Fault | undefined> {
  const { stray, found } = await database.read(async (unit) => ({
    // A server may go on sealing meanwhile.
    stray: await strayEntry(unit, pda),
    found: kept && (await findSeal(unit, pda, kept.seal)),
  }))
  if (stray) return { what: 'entry', how: 'inserted', seal: stray.seal, entryId: stray.entryId }
  return kept && headFault(kept, found)
}
