import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { makeSigningKey } from '../src/auth/keys.ts'
import { openDatabase } from '../src/database/open.ts'
import { addAccount } from '../src/store/access/accounts.ts'
import { at, ends, serving } from './command-line.ts'
import { engines, freshFolder } from './engines.ts'

/** Every command there is, but those that make an account on purpose (`serve`, `account add`) or need none (`receipt verify`). */
const commands = [
  'account list',
  'owner set anna',
  'owner email',
  'owner email anna@example.org',
  'owner reset-link',
  'application add ci --read ci',
  'application set-up ci',
  'application disable ci',
  'application remove ci',
  'application list',
  'user add carl',
  'user list',
  'user password carl',
  'user remove carl',
  'user enable carl',
  'user disable carl',
  'tokens list',
  'tokens revoke --all',
  'keys list',
  'keys rotate',
  'ledger head',
  'ledger verify',
  'token owner',
  'erase a/b --yes',
]

test('where there is no account, no command makes anything, and each says which folder it looked in', async () => {
  const folder = join(freshFolder(), 'data')
  // So many starts: what one compiled, the next need not.
  const { run } = at(folder, { NODE_COMPILE_CACHE: freshFolder() })
  for (const command of commands) {
    const { code, said, complaint } = await run(...command.split(' '))
    assert.deepEqual([code, said], [1, ''], command)
    assert.ok(complaint.startsWith(`There is no account in the folder ${folder}: `), complaint)
    assert.match(complaint, /^[^\n]+\.$/)
  }
  assert.equal(existsSync(folder), false)
})

test('no command was forgotten above', async () => {
  const { run } = at(freshFolder())
  const { said } = await run('--help')
  const nouns = [...said.replace(/^.*\nCommands:\n/s, '').matchAll(/^ {2}([a-z]+)/gm)].map(([, noun]) => noun)
  const known = new Set([...commands.map((command) => command.split(' ')[0]), 'serve', 'receipt'])
  assert.deepEqual(new Set(nouns), known)
})

test('a folder that is given as a relative one is named in full, and stays as it is', async () => {
  const folder = join(freshFolder(), 'kept')
  await mkdir(folder)
  const { complaint } = await at(relative(process.cwd(), folder)).run('application', 'list')
  assert.match(complaint, new RegExp(`in the folder ${folder}: `))
  assert.deepEqual(await readdir(folder), [])
})

test('on PostgreSQL no table is made, and the database is named without its password', async () => {
  const { dataDir, databaseUrl } = await engines[1]!.bare()
  const { run } = at(dataDir, { DATABASE_URL: `${databaseUrl}?application_name=secret` })
  const shown = databaseUrl!.replace(/:[^:@/]+@/, '@')
  for (const command of ['application list', 'account list']) {
    const { code, said, complaint } = await run(...command.split(' '))
    assert.deepEqual([code, said], [1, ''])
    assert.ok(complaint.startsWith(`There is no account in the database ${shown}: `), complaint)
  }
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public'")
  await client.end()
  assert.deepEqual([rows, await readdir(dataDir)], [[], []])
  assert.equal((await run('account', 'add', 'me.example.org')).code, 0)
  assert.match((await run('account', 'list')).said, /^me\.example\.org: it has no owner yet\.$/)
})

test('a database that does not answer is no database without accounts', async () => {
  const { code, complaint } = await at(freshFolder(), {
    DATABASE_URL: 'postgres://anna:secret@127.0.0.1:1/hat',
  }).run('application', 'list')
  assert.equal(code, 1)
  assert.match(complaint, /ECONNREFUSED/)
  assert.doesNotMatch(complaint, /no account|secret/)
})

test('the server says at start which account it serves', async () => {
  const child = at(freshFolder(), { HATSTAND_DOMAIN: 'me.example.org' }).start('serve')
  const { output } = await serving(child)
  assert.match(output, /^hatstand listens on \S+\nIt serves the account me\.example\.org\.$/m)
  await ends(child, 'SIGTERM')
})

test('of very many accounts, five and a count are named: at the start, and wherever one is to be chosen', async () => {
  const folder = freshFolder()
  const database = await openDatabase({ dataDir: folder, databaseUrl: undefined }, false)
  const key = await makeSigningKey()
  const domains = Array.from({ length: 12 }, (_, index) => `a${index}.example.org`)
  for (const domain of domains) await addAccount(database, domain, key, Date.now())
  await database.close()
  const named = `${domains.slice(0, 5).join(', ')} and 7 others`

  const { complaint } = await at(folder).run('application', 'list')
  assert.equal(complaint, `There are several accounts; choose one with --account: ${named}.`)
  const wrong = await at(folder, { HATSTAND_DOMAIN: 'b.example.org' }).run('serve')
  assert.equal(wrong.code, 1)
  assert.ok(wrong.complaint.startsWith(`No account has the domain b.example.org; there is ${named}. `))
  const child = at(folder, { HATSTAND_DOMAIN: 'a11.example.org' }).start('serve')
  const { output } = await serving(child)
  assert.ok(output.includes(`\nIt serves 12 accounts: ${named}.\n`), output)
  await ends(child, 'SIGTERM')
})
