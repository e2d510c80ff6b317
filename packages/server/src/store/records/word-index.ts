import { sql } from 'kysely'
import type { OfAccount, AccountDatabase, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { searchableWords } from '../../domain/json/words.ts'

/** Records that get their words in one unit, and characters of them: others write between. */
const rowsFilled = 200
const lengthFilled = 2 ** 20
/** The words of longer data are not taken apart: it is looked at in every search. */
const maxIndexedLength = 2 ** 18

/** How far an endpoint's words are: `words_end` is null while it has none, `words_to` once all records up to there have theirs. */
export interface WordState {
  /** Records up to this place have their words. */
  words_to: number | null
  /** The last place when the index was begun: later records get their words as they are written. */
  words_end: number | null
}

export const hasWordIndex = ({ words_to, words_end }: WordState): boolean =>
  words_end !== null && words_to === null

/** Tells an endpoint's records from all others, and of those the ones whose words are not all there: no text has such words. */
const markOf = (of: OfAccount, endpointId: number) => `_${of.pda}_${endpointId}`
const moreMarkOf = (of: OfAccount, endpointId: number) => `_${of.pda}_${endpointId}_more`

function wordsOf(unit: Unit, endpointId: number, text: string): string[] {
  const mark = markOf(unit, endpointId)
  const { words, all } = text.length > maxIndexedLength ? { words: [], all: false } : searchableWords(text)
  return all ? [mark, ...words] : [moreMarkOf(unit, endpointId)]
}

/** Gives records their words, where their endpoint has an index. */
export async function addWords(
  unit: Unit,
  indexed: ReadonlySet<number>,
  endpointIds: readonly number[],
  places: readonly number[],
  texts: readonly string[],
): Promise<void> {
  if (indexed.size === 0) return
  const mine = [...places.keys()].filter((index) => indexed.has(endpointIds[index]!))
  if (mine.length === 0) return
  await unit.all(
    unit.dialect.addWords(
      unit.pda,
      mine.map((index) => places[index]!),
      mine.map((index) => wordsOf(unit, endpointIds[index]!, texts[index]!)),
    ),
  )
}

/** Takes away the words of records that are updated or leave. */
export async function removeWords(unit: Unit, places: number[]): Promise<void> {
  await unit.all(unit.dialect.removeWords(unit.pda, places))
}

/** Which of these endpoints have an index, or are getting one. */
export async function indexedAmong(unit: Unit, endpointIds: number[]): Promise<Set<number>> {
  const rows = await unit.all<{ endpoint_id: number }>(sql`select endpoint_id from endpoint
    where pda_id = ${unit.pda} and words_end is not null and ${unit.dialect.among('endpoint_id', endpointIds, 'number')}`)
  return new Set(rows.map((row) => row.endpoint_id))
}

/**
 * The places of an endpoint's records that have all of the words somewhere, or may have.
 * @returns undefined when there are more than `most`
 */
export async function placesWithWords(
  database: AccountDatabase,
  endpointId: number,
  words: string[],
  most: number,
): Promise<number[] | undefined> {
  const all = [markOf(database, endpointId), ...words]
  const found = database.dialect.wordsFound(database.pda, all, moreMarkOf(database, endpointId))
  const rows = await database.background<{ place: number }>(sql`${found} limit ${most + 1}`)
  return rows.length > most ? undefined : rows.map(({ place }) => place)
}

/** The fills that run in this process. Nothing about data is decided by it. */
const filling = new WeakMap<object, Map<string, Promise<void>>>()

/** Begins an endpoint's index, or goes on with it; resolves when all its records have their words. */
export function indexWords(database: AccountDatabase, endpointId: number): Promise<void> {
  const ofDatabase = filling.get(database.engine) ?? new Map<string, Promise<void>>()
  filling.set(database.engine, ofDatabase)
  const name = `${database.pda}/${endpointId}`
  let running = ofDatabase.get(name)
  if (!running) {
    running = fill(database, endpointId).finally(() => ofDatabase.delete(name))
    ofDatabase.set(name, running)
  }
  return running
}

async function fill(database: AccountDatabase, endpointId: number): Promise<void> {
  const ofEndpoint = sql`pda_id = ${database.pda} and endpoint_id = ${endpointId}`
  await database.write(async (unit) => {
    await unit.lock()
    const [last] = await unit.all<{ place: number }>(
      sql`select coalesce(max(place), 0) as place from record where ${ofEndpoint}`,
    )
    await unit.all(sql`update endpoint set words_to = ${placeBase(unit.pda)}, words_end = ${last!.place}
      where ${ofEndpoint} and words_end is null`)
  })
  while (await database.write((unit) => fillSome(unit, endpointId)));
}

/** @returns whether there is more to do */
async function fillSome(unit: Unit, endpointId: number): Promise<boolean> {
  // The account is locked first, so that no other process changes the records between being read and getting their words.
  await unit.lock()
  const ofEndpoint = sql`pda_id = ${unit.pda} and endpoint_id = ${endpointId}`
  const [state] = await unit.all<WordState>(sql`select words_to, words_end from endpoint where ${ofEndpoint}`)
  if (!state || state.words_end === null || state.words_to === null) return false
  const next = sql`from record where ${ofEndpoint} and place > ${state.words_to} and place <= ${state.words_end} order by place`
  const sizes = await unit.all<{ place: number; bytes: number }>(
    sql`select place, ${unit.dialect.bytes('data')} as bytes ${next} limit ${rowsFilled}`,
  )
  let left = lengthFilled
  const fitting = sizes.filter(
    ({ bytes }, index) => (left -= Math.min(bytes, maxIndexedLength)) >= 0 || index === 0,
  )
  const places = fitting.map(({ place }) => place)
  const rows = await unit.all<{ place: number; data: string }>(
    sql`select place, data ${next} limit ${places.length}`,
  )
  await removeWords(unit, places)
  const ids = places.map(() => endpointId)
  await addWords(
    unit,
    new Set([endpointId]),
    ids,
    places,
    rows.map(({ data }) => data),
  )
  const isLast = places.length === sizes.length && sizes.length < rowsFilled
  await unit.all(sql`update endpoint set words_to = ${isLast ? null : places.at(-1)!} where ${ofEndpoint}`)
  return !isLast
}
