import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshFolder } from '../../../test/engines.ts'
import { connect } from './connection.ts'
import { createWorkerClient } from './worker-client.ts'

const slow = {
  sql: 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) select count(*) as count from n',
  parameters: [],
}

test('writers and erasure wait for one slow query, not for all that were asked before', async () => {
  const file = join(freshFolder(), 'hatstand.sqlite')
  const database = connect(file, 2 ** 20)
  database.exec('create virtual table record_words using fts5(words)')
  database.close()
  const client = createWorkerClient(file)
  const done: string[] = []
  const note = (name: string) => () => done.push(name)
  await Promise.all([
    client.query(slow).then(note('first query')),
    client.query(slow).then(note('second query')),
    client.query(slow).then(note('third query')),
    client.checkpoint().then(note('checkpoint')),
    client.scrub().then(note('scrub')),
  ])
  assert.deepEqual(done, ['first query', 'checkpoint', 'scrub', 'second query', 'third query'])
  await client.close()
})

test('a query that fails is told so, and the next one is answered', async () => {
  const file = join(freshFolder(), 'hatstand.sqlite')
  connect(file, 2 ** 20).close()
  const client = createWorkerClient(file)
  const [bad, good] = await Promise.allSettled([
    client.query({ sql: 'select nothing', parameters: [] }),
    client.query(slow),
  ])
  assert.equal(bad.status, 'rejected')
  assert.deepEqual(good.status === 'fulfilled' && good.value.map((row) => ({ ...(row as object) })), [
    { count: 100000 },
  ])
  const waiting = [client.query(slow), client.query(slow)].map((one) => assert.rejects(one, /closed/))
  await client.close()
  await Promise.all(waiting)
})
