import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshFolder } from '../../../test/engines.ts'
import { connect } from './connection.ts'
import { createWriter, runUnit } from './writer.ts'

test('writing goes on when what follows a commit fails', async () => {
  const connection = connect(join(freshFolder(), 'hatstand.sqlite'), 2 ** 20)
  const writer = createWriter(connection, async () => {
    throw new Error('the log cannot be read')
  })
  for (const value of [1, 2]) assert.equal(await runUnit(writer, async () => value), value)
  await assert.rejects(
    runUnit(writer, async () => {
      throw new Error('changed its mind')
    }),
    /changed its mind/,
  )
  assert.equal(await runUnit(writer, async () => 3), 3)
  while (writer.running) await writer.running
  connection.close()
})
