import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { at } from '../../test/command-line.ts'
import { freshFolder } from '../../test/engines.ts'

test('from an empty folder to a token: add an account, an owner, an application', async () => {
  const { run } = at(freshFolder())
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

test('users are added with roles, listed, disabled and removed', async () => {
  const { run } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  assert.equal((await run('user', 'list')).said, 'Nobody but its owner signs in to me.example.org.')
  const added = await run(
    'user',
    'add',
    'bob',
    '--role',
    'platform',
    '--role',
    'namespaceread:rumpel',
    'validate',
  )
  assert.equal(
    added.said,
    'Added the user bob to me.example.org, with the roles platform, namespaceread:rumpel, validate.',
  )
  assert.match((await run('user', 'add', 'bob')).complaint, /^Somebody signs in to me\.example\.org as bob/)
  assert.match(
    (await run('user', 'list')).said,
    /^bob: the roles namespaceread:rumpel, platform, validate\.$/,
  )
  assert.equal((await run('user', 'disable', 'bob')).code, 0)
  assert.match((await run('user', 'list')).said, /^bob: disabled, the roles/)
  assert.equal((await run('user', 'enable', 'bob')).code, 0)
  assert.equal((await run('user', 'remove', 'bob')).code, 0)
  assert.equal((await run('user', 'list')).said, 'Nobody but its owner signs in to me.example.org.')
})

test('tokens are listed and ended, one or all; keys are rotated and listed', async () => {
  const { run } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  await run('owner', 'set', 'alice')
  await run('application', 'add', 'tracker', '--read', 'a')
  assert.equal((await run('tokens', 'list')).said, 'No access token or session of me.example.org counts.')
  const tokens = [await run('token', 'tracker'), await run('token', 'tracker'), await run('token', 'owner')]
  const [id] = tokens.map(({ said }) => decodeJwt(said).jti!)
  const { said } = await run('tokens', 'list')
  assert.equal(said.split('\n').length, 3)
  assert.match(
    said,
    new RegExp(`^${id}: access token of tracker \\(command line\\), made .+, ends .+\\.$`, 'm'),
  )
  assert.equal((await run('tokens', 'revoke', id!)).said, `Ended ${id}.`)
  assert.equal((await run('tokens', 'revoke', id!)).code, 1)
  assert.equal(
    (await run('tokens', 'revoke', '--holder', 'tracker')).said,
    'Ended 1 access token or session.',
  )
  assert.equal((await run('tokens', 'revoke', '--all')).said, 'Ended 1 access token or session.')
  const before = (await run('keys', 'list')).said
  assert.match(before, /^[\w-]+: signs, made [^\n]+$/)
  const rotated = await run('keys', 'rotate', '--overlap', '7')
  assert.match(
    rotated.said,
    /^The key [\w-]+ signs the access tokens of me\.example\.org now\. .+ until \d{4}-/,
  )
  const [signs, verifies] = (await run('keys', 'list')).said.split('\n')
  assert.match(signs!, /: signs/)
  assert.ok(verifies!.startsWith(`${before.split(':')[0]}: verifies until `))
  assert.equal((await run('keys', 'rotate', '--overlap', '0')).code, 0)
  assert.equal((await run('keys', 'list')).said.split('\n').length, 1, 'no overlap ends all others')
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

test('a link to a new password is printed for whoever may use the command line; each replaces the one before', async () => {
  const { run } = at(freshFolder())
  await run('account', 'add', 'me.example.org')
  assert.equal((await run('owner', 'set', 'alice', '--email', 'alice@example.org')).code, 0)
  const { said, complaint } = await run('owner', 'reset-link')
  assert.match(said, /^https:\/\/me\.example\.org\/auth\/change-password\/[\w-]{43}$/)
  assert.equal(complaint, '')
  const again = await run('owner', 'reset-link', '--second-factors')
  assert.notEqual(again.said, said)
  assert.match(again.complaint, /second factors of the owner were removed\.$/)
})

test('a password that is easily guessed is refused with the reason', async () => {
  const { start, run } = at(freshFolder(), { HATSTAND_OWNER_PASSWORD: 'password12', HATSTAND_OWNER: 'alice' })
  await run('account', 'add', 'localhost:8080')
  const { complaint, code } = await run('owner', 'set', 'alice')
  assert.match(complaint, /^The password is too easy to guess\. /)
  assert.equal(code, 1)
  const server = start('serve')
  const [said] = await Promise.all([text(server.stderr), once(server, 'exit')])
  assert.match(said, /^HATSTAND_OWNER_PASSWORD is refused: The password is too easy to guess\. /)
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
  await run('account', 'add', 'me.example.org')
  const more = [
    ['account', 'add', 'me.example.org'],
    ['token', 'owner'],
    ['owner', 'reset-link'],
    ['token', 'tracker'],
    ['application', 'remove', 'tracker'],
    ['tokens', 'revoke', 'nobody'],
    ['tokens', 'revoke'],
    ['tokens', 'revoke', 'one', '--all'],
    ['user', 'remove', 'nobody'],
    ['user', 'disable', 'nobody'],
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
    ['owner', 'set', 'alice', '--email', 'nobody'],
    ['application', 'add', 'owner'],
    ['application', 'add', 'tracker', '--write', 'Not_A_Namespace'],
    ['application', 'add', 'tracker', '--version', '1.0'],
    ['token', 'owner', '--days', '0'],
    ['user', 'add', 'two words'],
    ['user', 'add', 'bob', '--role', 'king'],
    ['user', 'add', 'bob', '--role', 'owner'],
    ['user', 'add', 'bob', '--role', 'namespaceread'],
    ['keys', 'rotate', '--overlap', '-1'],
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
    'owner reset-link',
    'application',
    'application add',
    'application set-up',
    'application disable',
    'application list',
    'application remove',
    'token',
    'tokens list',
    'tokens revoke',
    'user add',
    'user list',
    'user remove',
    'user enable',
    'user disable',
    'keys list',
    'keys rotate',
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
