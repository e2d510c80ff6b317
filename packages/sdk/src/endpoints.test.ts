import { test } from 'node:test'
import { connect, exact, type Pda } from './sdk.ts'

interface Rain {
  day: string
  mm: number
}

interface Kept {
  'diary/rain': Rain
  'diary/words': string
}

/** The two types are one and the same. */
type Same<A, B> = [A, B] extends [B, A] ? true : never

/** Never called: the type checker reads it, and complains where an expected mistake is none. */
async function typed(pda: Pda<Kept>) {
  const [record] = await pda.records.list('diary/rain', { take: 1 })
  const isRain: Same<NonNullable<typeof record>['data'], Rain> = true
  const isPlace: Same<NonNullable<typeof record>['endpoint'], 'diary/rain'> = true
  for await (const { data } of pda.records.listAll('diary/words')) data.toUpperCase()
  const { records } = await pda.queries.page('diary/rain', { count: true })
  records[0]?.data.mm.toFixed()
  const mapped = await pda.queries.list<{ total: number }>('diary/rain', { mapping: { total: 'mm' } })
  mapped[0]?.data.total.toFixed()

  await pda.records.create('diary/rain', { day: '2026-11-28', mm: 12 })
  await pda.records.create('diary/rain', exact('{"day": "2026-11-28", "mm": 12.0}'))
  await pda.records.createMany('diary/words', ['wet', exact('"dry"')])
  await pda.batch.create([
    { endpoint: 'diary/rain', data: { day: 'x', mm: 1 }, links: [{ endpoint: 'diary/words', data: 'wet' }] },
  ])
  if (record) await pda.records.update({ ...record, data: { ...record.data, mm: 13 } })
  await pda.with({ timeout: 1000 }).records.deleteEndpoint('diary/words')

  // @ts-expect-error No such endpoint was told of.
  await pda.records.list('diary/rains')
  // @ts-expect-error Nor can a type given at the call bring it in.
  await pda.records.list<Rain>('diary/rains')
  // @ts-expect-error Rain has no inches.
  await pda.records.create('diary/rain', { day: 'x', inches: 1 })
  // @ts-expect-error Words are texts.
  await pda.records.createMany('diary/words', [1])
  // @ts-expect-error Each endpoint has its own data.
  await pda.batch.create([{ endpoint: 'diary/words', data: { day: 'x', mm: 1 } }])
  // @ts-expect-error Rain is not a text.
  await pda.records.update({ endpoint: 'diary/rain', recordId: 'x', data: 'wet' })
  // @ts-expect-error What a mapping makes of rain is rain no more.
  await pda.queries.list('diary/rain', { mapping: { total: 'mm' } }).then(([first]) => first?.data.mm)
  // @ts-expect-error Nothing is kept there to be erased.
  await pda.records.eraseEndpoint('diary/rains')
  return [isRain, isPlace]
}

/** The same for a connection that was told of nothing: any endpoint, any data, a type at the call. */
async function untyped(pda: Pda) {
  const [first] = await pda.records.list('diary/rain')
  const isUnknown: Same<NonNullable<typeof first>['data'], unknown> = true
  const [word] = await pda.records.list<string>('diary/words')
  word?.data.toUpperCase()
  const [rain] = await pda.records.list<Rain>('diary/rain')
  rain?.data.mm.toFixed()
  const saved = await pda.records.create<Rain>('anything/at-all', { day: 'x', mm: 1 })
  saved.data.mm.toFixed()
  await pda.records.create('anything/at-all', ['a', 1, null].at(0))
  if (first) await pda.records.update({ ...first, data: 'else' })
  // @ts-expect-error The type given at the call holds for what is saved.
  await pda.records.create<Rain>('anything/at-all', 'wet')
  return isUnknown
}

test('endpoints have their types, with a type given to the connection, at the call, or none', () => {
  connect<Kept>('http://localhost:8080') satisfies Pda<Kept>
  connect('http://localhost:8080') satisfies Pda
  void [typed, untyped]
})
