// A program that keeps a rain diary in somebody's account.
//   HATSTAND_OWNER=name HATSTAND_OWNER_PASSWORD=password npm run example:rain -- 12.5
import { connect, HatstandError } from '@hatstand/sdk'

interface Rain {
  day: string
  mm: number
}

const {
  HATSTAND_URL: url = 'http://localhost:8080',
  HATSTAND_TOKEN: token,
  HATSTAND_OWNER: owner = '',
} = process.env
const pda = connect<{ 'diary/rain': Rain }>(url, token)

try {
  if (!token) await pda.accessTokens.login(owner, process.env['HATSTAND_OWNER_PASSWORD'] ?? '')

  const day = new Date().toISOString().slice(0, 10)
  const mm = Number(process.argv[2] ?? 0)
  const { recordId } = await pda.records.create('diary/rain', { day, mm })
  console.log(`Saved ${mm} mm as ${recordId}`)

  const wettest = await pda.records.list('diary/rain', { orderBy: 'mm', ordering: 'descending', take: 3 })
  for (const { data } of wettest) console.log(`${data.day}  ${data.mm} mm`)

  const total = { aggregate: 'sum', field: 'mm' } as const
  const { groups } = await pda.queries.aggregate('diary/rain', { aggregates: { total } })
  console.log(`In all: ${String(groups[0]?.values['total'])} mm`)
} catch (error) {
  if (!(error instanceof HatstandError)) throw error
  console.error(error.code === 'duplicate_data' ? 'That was written down already.' : error.message)
  process.exitCode = 1
}
