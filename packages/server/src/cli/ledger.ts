import { readFile } from 'node:fs/promises'
import { isSignedBy } from '../auth/keys.ts'
import type { Database } from '../database/port.ts'
import { type Fault, type Seal, headFault, sealFault, sealText } from '../domain/ledger.ts'
import { sealOnce } from '../jobs/seal-ledgers.ts'
import { findPublicKey } from '../store/access/signing-keys.ts'
import { newestSeal, entriesOfSeal, findSeal, sealsAfter, strayEntry } from '../store/ledger/seals.ts'
import { CommandError, withAccount } from './open.ts'

type Options = { account?: string }

/** `hatstand ledger head` */
export async function ledgerHead(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    await sealOnce({ database, now: () => now })
    const seal = await database.of(pda).read((unit) => newestSeal(unit))
    if (seal === undefined) throw new CommandError(`Nothing has happened in the account ${domain} yet.`)
    console.log(JSON.stringify(seal))
  })
}

/** `hatstand ledger verify` */
export async function ledgerVerify(options: Options & { head?: string }): Promise<void> {
  const kept = options.head === undefined ? undefined : await readHead(options.head)
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    if (kept && kept.domain !== domain)
      throw new CommandError(`The head in ${options.head} is of ${kept.domain}, the account is ${domain}.`)
    await sealOnce({ database, now: () => now })
    const { seals, entries, fault } = await checkLedger(database, pda, kept, printedProgress())
    if (fault) throw new CommandError(`The ledger of ${domain} was changed: ${wordsOf(fault)}`)
    const end = kept ? ` It goes on from the kept head, seal ${kept.seal}.` : ''
    console.log(`The ledger of ${domain} is as it was sealed: ${entries} entries under ${seals} seals.${end}`)
  })
}

async function readHead(file: string): Promise<Seal> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The file ${file} cannot be read (${error.code}).`)
  })
  const kept = parsed(text)
  if (typeof kept?.seal === 'number' && typeof kept.hash === 'string') return kept
  throw new CommandError(`The file ${file} holds no head: save what "hatstand ledger head" prints.`)
}

function parsed(text: string): Seal | undefined {
  try {
    return JSON.parse(text) as Seal
  } catch {
    return undefined
  }
}

/** Every few seconds a line on standard error: a long ledger takes its time. */
function printedProgress(): (seals: number, entries: number) => void {
  let told = Date.now()
  return (seals, entries) => {
    if (Date.now() - told < 2000) return
    told = Date.now()
    console.error(`${entries} entries under ${seals} seals are as they were sealed so far.`)
  }
}

function wordsOf(fault: Fault): string {
  if (fault.what === 'entry') {
    if (fault.entryId === undefined) return `the last entry of seal ${fault.seal} was removed.`
    const entry = `the entry ${fault.entryId} of seal ${fault.seal}`
    return fault.how === 'removed' ? `what stood before ${entry} was removed.` : `${entry} was ${fault.how}.`
  }
  const words = {
    missing: 'is missing.',
    altered: 'does not follow the one before it: it was altered, or another was removed or inserted.',
    unsigned: "is not signed by one of the account's keys: it was altered.",
    cut: 'of the kept head is not there any more: the end was cut off.',
    other: 'is not the one of the kept head: the ledger was written anew.',
  }
  return `the seal ${fault.seal} ${words[fault.how]}`
}

/** Seals read at once. */
const sealsRead = 200

/** How much of a ledger was looked at, and the first thing in it that is not as it was sealed. */
interface Checked {
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
    const block = await database.of(pda).read((unit) => sealsAfter(unit, before?.seal ?? 0, sealsRead))
    for (const seal of block) {
      if (!keys.has(seal.keyId))
        keys.set(seal.keyId, await database.of(pda).read((unit) => findPublicKey(unit, seal.keyId)))
      const sealed = await database.of(pda).read((unit) => entriesOfSeal(unit, seal.seal))
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
  const { stray, found } = await database.of(pda).read(async (unit) => ({
    // A server may go on sealing meanwhile.
    stray: await strayEntry(unit),
    found: kept && (await findSeal(unit, kept.seal)),
  }))
  if (stray) return { what: 'entry', how: 'inserted', seal: stray.seal, entryId: stray.entryId }
  return kept && headFault(kept, found)
}
