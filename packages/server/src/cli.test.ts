import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { at } from '../test/command-line.ts'
import { freshFolder } from '../test/engines.ts'

test('from an empty folder to a token: add an account, an owner, an application', async () => {
  const { run } = at(freshFolder())
  assert.deepEqual(await run('account', 'list'), { said: 'There is no account yet.', complaint: '', code: 0 })
  assert.match((await run('account', 'add', 'Me.Example.org')).said, /^Added the account me\.example\.org\./)
  assert.match((await run('account', 'list')).said, /no owner yet/)
  assert.match(
    (await run('owner', 'set', 'alice')).said,
    /^The account me\.example\.org has the owner alice now\.$/,
  )
  const added = await run(
    'application',
    'add',
    'tracker',
    '--write',
    'tracker',
    'shared',
    '--read',
    'rumpel',
    '--version',
    '1.2.0',
  )
  assert.match(added.said, /it reads rumpel and writes tracker, shared\.$/)
  const token = await run('token', 'tracker', '--days', '2')
  assert.equal(token.complaint, '')
  const { application, applicationVersion, accessScope, iat, exp, iss } = decodeJwt(token.said)
  assert.deepEqual(
    [application, applicationVersion, accessScope, iss],
    ['tracker', '1.2.0', undefined, 'me.example.org'],
  )
  assert.equal((exp ?? 0) - (iat ?? 0), 2 * 86_400)
  assert.equal(decodeJwt((await run('token', 'owner')).said)['accessScope'], 'owner')
})

test('adding an application again replaces its rights and keeps its version, and says so', async () => {
  const { run } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  await run('application', 'add', 'tracker', '--read', 'a', '--write', 'b', '--version', '2.0.1')
  const { said } = await run('application', 'add', 'tracker', '--write', 'c')
  assert.equal(said, 'Replaced all rights of the application tracker 2.0.1 in me.example.org: it writes c.')
  assert.equal((await run('application', 'list')).said, 'tracker 2.0.1 writes c.')
  assert.equal((await run('application', 'remove', 'tracker')).code, 0)
  assert.equal((await run('application', 'list')).said, 'The account me.example.org has no applications.')
})

test('where there are several accounts, a command wants to know which', async () => {
  const { run } = at(freshFolder())
  for (const domain of ['one.example.org', 'two.example.org']) await run('account', 'add', domain)
  const { complaint, code } = await run('application', 'list')
  assert.match(complaint, /choose one with --account: one\.example\.org, two\.example\.org\.$/)
  assert.equal(code, 1)
  assert.equal((await run('application', 'list', '--account', 'TWO.example.org')).code, 0)
  assert.equal((await run('application', 'list', '--account', 'three.example.org')).code, 1)
})

test('what cannot be done ends with 1 and one sentence', async () => {
  const { run } = at(freshFolder())
  const tries = [
    ['token', 'owner'],
    ['erase', 'a/b', '--yes'],
  ]
  for (const words of tries) assert.match((await run(...words)).complaint, /^There is no account yet/)
  await run('account', 'add', 'me.example.org')
  const more = [
    ['account', 'add', 'me.example.org'],
    ['token', 'owner'],
    ['token', 'tracker'],
    ['application', 'remove', 'tracker'],
    ['erase', 'a/b'],
    ['erase', '018f0000-0000-7000-8000-000000000000', '--yes'],
  ]
  for (const words of more) {
    const { said, complaint, code } = await run(...words)
    assert.deepEqual([code, said], [1, ''], words.join(' '))
    assert.match(complaint, /^[A-Z][^\n]+\.$/, words.join(' '))
  }
})

test('wrong usage ends with 2 and points to the help', async () => {
  const { run } = at(freshFolder())
  const wrong = [
    ['nonsense'],
    ['account', 'add'],
    ['account', 'add', 'https://me.example.org'],
    ['owner', 'set', 'two words'],
    ['application', 'add', 'owner'],
    ['application', 'add', 'tracker', '--write', 'Not_A_Namespace'],
    ['application', 'add', 'tracker', '--version', '1.0'],
    ['token', 'owner', '--days', '0'],
    ['erase', 'namespace-alone'],
  ]
  const outcomes = await Promise.all(wrong.map((words) => run(...words)))
  for (const [index, { code, complaint }] of outcomes.entries()) {
    assert.equal(code, 2, wrong[index]?.join(' '))
    assert.match(complaint, /--help/)
  }
})

test('every command explains itself', async () => {
  const { run } = at(freshFolder())
  const commands = [
    '',
    'serve',
    'account',
    'account add',
    'account list',
    'owner',
    'owner set',
    'application',
    'application add',
    'application list',
    'application remove',
    'token',
    'erase',
  ]
  const outcomes = await Promise.all(
    commands.map((command) => run(...command.split(' ').filter(Boolean), '--help')),
  )
  for (const [index, { code, said }] of outcomes.entries()) {
    assert.equal(code, 0, commands[index])
    assert.match(said, new RegExp(`^Usage: hatstand ${commands[index]}[^]*\n\n[A-Za-z]`), commands[index])
  }
})
