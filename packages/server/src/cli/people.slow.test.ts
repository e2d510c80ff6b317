import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at } from '../../test/command-line.ts'
import { freshFolder } from '../../test/engines.ts'

test("the owner's e-mail address is printed, changed and forgotten", async () => {
  const { run } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  assert.match((await run('owner', 'email', 'alice@example.org')).complaint, /has no owner yet/)
  await run('owner', 'set', 'alice')
  assert.match((await run('owner', 'email')).said, /knows no e-mail address of its owner\.$/)
  assert.match(
    (await run('owner', 'email', 'alice@example.org')).said,
    /goes to alice@example\.org from now on\.$/,
  )
  assert.equal((await run('owner', 'email')).said, 'alice@example.org')
  const [wrong, both] = [await run('owner', 'email', 'alice'), await run('owner', 'email', 'a@b', '--none')]
  assert.deepEqual([wrong.code, both.code], [2, 1])
  assert.match(
    (await run('owner', 'email', '--none')).said,
    /knows no e-mail address of its owner any more\.$/,
  )
  assert.match((await run('owner', 'email')).said, /knows no e-mail address of its owner\.$/)
})

test('a user is given another password, a shown name hides nothing', async () => {
  const { run, start } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  const hidden = await run('user', 'add', 'bob', '--show', 'a\u202eb')
  assert.deepEqual([hidden.code, /without control characters/.test(hidden.complaint)], [2, true])
  assert.match((await run('user', 'password', 'bob')).complaint, /has no user bob\.$/)
  await run('user', 'add', 'bob')
  assert.match((await run('user', 'password', 'bob')).said, /^The user bob has the new password\./)
  const weak = start('user', 'password', 'bob')
  weak.stdin.end('password12\n')
  const code = await new Promise((resolve) => weak.once('exit', resolve))
  assert.equal(code, 1)
})
