import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { at } from '../../test/command-line.ts'
import { definition, type Said } from '../../test/definitions.ts'
import { freshFolder } from '../../test/engines.ts'
import { openDatabase } from '../database/open.ts'
import { findApplication } from '../store/access/applications.ts'

/** The command line on an account, and files of definitions beside it. */
async function started() {
  const folder = freshFolder()
  const { run } = at(folder)
  await run('account', 'add', 'me.example.org')
  async function file(content: Said | string, name = 'app.json') {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(definition(content)))
    return path
  }
  return { folder, run, file }
}

test('a definition in a file is registered, set up, changed, accepted again and disabled', async () => {
  const { run, file } = await started()
  const add = async (said: Said, ...more: string[]) =>
    run('application', 'add', '--file', await file(said), ...more)

  const registered = await add({ roles: ['namespacewrite notes'] })
  assert.deepEqual([registered.code, registered.complaint], [0, ''])
  assert.match(
    registered.said,
    /^Registered the application notes 1\.0\.0 in me\.example\.org\. It may do nothing until you accept it: .+ "hatstand application set-up notes"\.$/,
  )
  assert.equal((await run('application', 'list')).said, 'notes 1.0.0 is not set up. Set up, it writes notes.')
  assert.match((await run('token', 'notes')).complaint, /^The application notes is not set up, .+\.$/)

  assert.equal(
    (await run('application', 'set-up', 'notes')).said,
    'Set up the application notes 1.0.0 in me.example.org: it writes notes.',
  )
  assert.equal(decodeJwt((await run('token', 'notes')).said)['application'], 'notes')

  const wider = await add({ version: '1.1.0', roles: ['namespacewrite notes', 'applicationlist'] })
  assert.equal(
    wider.said,
    'Gave another definition to the application notes 1.1.0 in me.example.org. It writes notes. It asks for more, which it has not got: then it has the role applicationlist, too. Accept it with "hatstand application set-up notes".',
  )
  assert.match((await run('application', 'list')).said, /^notes 1\.1\.0 writes notes\. It asks for more/)
  await run('application', 'set-up', 'notes')
  assert.equal(
    (await run('application', 'list')).said,
    'notes 1.1.0 writes notes and has the role applicationlist.',
  )

  assert.match((await run('application', 'disable', 'notes')).said, /^Disabled the application notes/)
  assert.match((await run('application', 'list')).said, /^notes 1\.1\.0 is disabled\./)
  const again = await add({ roles: ['namespaceread notes'] }, '--set-up')
  assert.match(again.said, /It reads notes\.$/)
  assert.equal((await run('application', 'list')).said, 'notes 1.0.0 reads notes.')
})

test('a definition that is registered and set up by one command is seen without its rights by nobody', async () => {
  const { folder, run, file } = await started()
  const path = await file({ roles: ['namespacewrite notes'] })
  const database = await openDatabase({ dataDir: folder, databaseUrl: undefined }, false)
  let ended = false
  const adding = run('application', 'add', '--file', path, '--set-up').finally(() => (ended = true))
  const seen = new Set<string>()
  while (!ended) {
    const found = await database.of(1).read((unit) => findApplication(unit, 'notes'))
    seen.add(found === undefined ? 'none' : `${found.enabled} ${found.roles.length}`)
    await setImmediate()
  }
  assert.equal((await adding).code, 0)
  assert.ok(seen.isSubsetOf(new Set(['none', 'true 1'])), [...seen].join(', '))
  await database.close()
})

test('a file that will not do is refused in a sentence that names the member or the position', async () => {
  const { run, file } = await started()
  const refusals: [content: string, complaint: RegExp][] = [
    ['{"id": 1', /is not JSON: expected a comma or } at position 8\.$/],
    ['{}', /is no definition: the member id is missing\.$/],
    [
      JSON.stringify(definition({ roles: ['platform'] })),
      /the member permissions\.rolesGranted\[0\]\.role must be a role of applications: platform is none\.$/,
    ],
    [
      JSON.stringify(definition({ setup: { validRedirectUris: ['javascript:alert(1)'] } })),
      /the member setup\.validRedirectUris\[0\] must be an address of an application: javascript: is not\.$/,
    ],
    [JSON.stringify(definition()).replace('{', '{"id":"other",'), /the member id is there twice\.$/],
    [' '.repeat(300_000), /is larger than 262144 bytes\.$/],
  ]
  for (const [content, wanted] of refusals) {
    const { code, said, complaint } = await run('application', 'add', '--file', await file(content))
    assert.deepEqual([code, said], [1, ''], complaint)
    assert.match(complaint, /^The file [^\n]+\.$/)
    assert.match(complaint, wanted)
  }
  assert.match(
    (await run('application', 'add', '--file', 'nowhere.json')).complaint,
    /^The file nowhere\.json cannot be read: it is not there\.$/,
  )
  assert.equal((await run('application', 'list')).said, 'The account me.example.org has no applications.')
})

test('the definition among the examples will do', async () => {
  const { run } = await started()
  const example = join(import.meta.dirname, '../../../../examples/application.json')
  const { said } = await run('application', 'add', '--file', example, '--set-up')
  assert.match(said, /^Registered the application notes 1\.0\.0 .+ It reads notes and writes notes\.$/)
})

test('an editor’s byte-order mark does no harm', async () => {
  const { run, file } = await started()
  const path = await file(`\ufeff${JSON.stringify(definition())}\n`)
  assert.equal((await run('application', 'add', '--file', path)).code, 0)
})

test('the short form makes a program of one’s own, and does not replace the definition of another', async () => {
  const { run, file } = await started()
  await run('application', 'add', 'tracker', '--read', 'a', 'a', '--write', 'b')
  assert.equal((await run('application', 'list')).said, 'tracker 1.0.0 reads a and writes b.')
  await run('application', 'add', '--file', await file({}))
  const { code, complaint } = await run('application', 'add', 'notes', '--read', 'a')
  assert.equal(code, 1)
  assert.match(complaint, /^The application notes has a definition from a file or from itself: .+\.$/)
})

test('what does not go together is wrong usage', async () => {
  const { run, file } = await started()
  const path = await file({})
  for (const words of [
    [],
    ['hmi'],
    ['notes', '--file', path],
    ['notes', '--set-up'],
    ['--file', path, '--read', 'a'],
    ['--file', path, '--version', '1.0.0'],
  ]) {
    const { code, complaint } = await run('application', 'add', ...words)
    assert.equal(code, 2, words.join(' '))
    assert.match(complaint, /^error: .+\n.*--help/)
  }
  for (const verb of ['set-up', 'disable'])
    assert.match(
      (await run('application', verb, 'nobody')).complaint,
      /^The account me\.example\.org has no application nobody\.$/,
    )
})
