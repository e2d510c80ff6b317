import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { compilePostgres } from '../src/database/postgres/unit.ts'
import { findCaller } from '../src/store/access/accounts.ts'
import { accountsToTell } from '../src/store/consent/notices.ts'
import { unsealedAccounts } from '../src/store/ledger/seals.ts'
import { engines } from './engines.ts'

const accounts = 20_000
/** From the sixth on the engine may keep one plan for all values. */
const executions = 7

/** What each account has: an owner, a key, three tokens, an application with roles, a user, and a notice that was sent. */
const seed = `
  insert into pda select n, 0, 0 from generate_series(1, ${accounts}) n;
  insert into domain select 'a' || n || '.example.org', n from generate_series(1, ${accounts}) n;
  insert into owner select n, 'phil', '', 'owner', null, 0 from generate_series(1, ${accounts}) n;
  insert into signing_key select n, 'key', '', '', 0, null from generate_series(1, ${accounts}) n;
  insert into access_token select n, 'token' || t, 'jwt', 'program', 'owner', null, '', 0, 0, 9, null, null
    from generate_series(1, ${accounts}) n, generate_series(1, 3) t;
  insert into application select n, 'program', '{}', '1.0.0', 1, null, null, 0, 0 from generate_series(1, ${accounts}) n;
  insert into account_user select n, 'user', 'ann', 'Ann', '', 1, 0 from generate_series(1, ${accounts}) n;
  insert into granted_role select n, 'program', 'namespaceread', 'a' || r
    from generate_series(1, ${accounts}) n, generate_series(1, 2) r;
  insert into notice select n, gen_random_uuid(), '', gen_random_uuid(), 1, '', '', 0, 1, case when n % 2000 = 0 then 5 end, 200
    from generate_series(1, ${accounts}) n;
  insert into ledger_fresh select n, gen_random_uuid(), 0, '', '', '', null, null, '', 0, '', ''
    from generate_series(1, ${accounts}, 1000) n;
  analyze`

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Actual Loops': number
  'Actual Rows': number
  Plans?: PlanNode[]
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

test(`among ${accounts} accounts, who asks and what the jobs look for is found without reading what all have`, async (t) => {
  const place = await engines.find(({ name }) => name === 'PostgreSQL')!.place()
  const database = await openDatabase(place, false)
  const client = new pg.Client({ connectionString: place.databaseUrl! })
  await client.connect()
  t.after(async () => {
    await client.end()
    await database.close()
  })
  await client.query(seed)

  let texts: string[] = []
  const noting: Database = {
    ...database,
    one(statement) {
      const { sql, parameters } = compilePostgres(statement)
      const values = parameters.map((value) => client.escapeLiteral(String(value)))
      const execute = values.length > 0 ? `execute asked (${values.join(', ')})` : 'execute asked'
      const explain = `explain (analyze, format json) ${execute};`
      texts.push(`deallocate all; prepare asked as ${sql}; ${explain.repeat(executions)}`)
      return database.one(statement)
    },
  }

  /** The tables that the question scanned. */
  async function scanned(question: (asked: Database) => Promise<unknown[]>, expected: number) {
    texts = []
    assert.equal((await question(noting)).length, expected)
    const found = new Set<string>()
    for (const text of texts) {
      const plans = (await client.query(text)) as unknown as pg.QueryResult[]
      for (const node of nodesOf(plans.at(-1)!.rows[0]['QUERY PLAN'][0].Plan))
        if (node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0)
          found.add(`${node['Relation Name']}: ${node['Actual Rows'] > 2 ? 'all' : 'at most two rows'}`)
    }
    return [...found]
  }

  const token = { tokenId: 'token2', keyId: 'key' }
  const asks = (host: string) => (asked: Database) => findCaller(asked, host, token)
  assert.deepEqual(await scanned(asks('a777.example.org'), 2), ['domain: at most two rows'])
  assert.deepEqual(await scanned(asks('a777.example.org'), 2), [], 'the second time the host is known')
  assert.deepEqual(await scanned(asks('nobody.example.org'), 0), ['domain: at most two rows'])
  // It holds nothing but what waits for its seal.
  assert.deepEqual(await scanned(unsealedAccounts, accounts / 1000), ['ledger_fresh: all'])
  assert.deepEqual(await scanned((asked) => accountsToTell(asked, 5), accounts / 2000), [])
})
