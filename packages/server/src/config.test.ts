import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, settings, unknownSettings } from './config.ts'

test('without any setting the server listens on this machine only, on port 8080, with data in ./data', () => {
  const config = readConfig({})
  assert.equal(config.port, 8080)
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.domain, 'localhost:8080')
  assert.equal(config.dataDir, './data')
  assert.equal(config.databaseUrl, undefined)
  assert.equal(config.corsOrigins, '*')
  assert.equal(config.trustProxy, false)
  assert.equal(config.historyDays, undefined)
  assert.equal(config.historyVersions, 100)
})

test('the domain follows the port unless it is set, and is written in lower case', () => {
  assert.equal(readConfig({ PORT: '9000' }).domain, 'localhost:9000')
  assert.equal(readConfig({ PORT: '9000', HATSTAND_DOMAIN: 'Me.Example.ORG' }).domain, 'me.example.org')
})

test('the configuration cannot be changed once it is read', () => {
  assert.ok(Object.isFrozen(readConfig({})))
})

test('an empty setting counts as not set', () => {
  assert.deepEqual(readConfig({ PORT: '', DATABASE_URL: ' ', HATSTAND_OWNER: '' }), readConfig({}))
})

const refused: [setting: string, value: string][] = [
  ['PORT', '65536'],
  ['PORT', '80a'],
  ['PORT', '-1'],
  ['PORT', '8080.5'],
  ['HATSTAND_DOMAIN', 'https://me.example.org'],
  ['HATSTAND_DOMAIN', 'me.example.org/path'],
  ['HATSTAND_DOMAIN', 'me.example.org:99999'],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['HATSTAND_MAX_BODY_BYTES', '1e9'],
  ['HATSTAND_MAX_DEPTH', '0'],
  ['HATSTAND_MAX_DEPTH', '751'],
  ['HATSTAND_LOG_LEVEL', 'verbose'],
  ['HATSTAND_CORS_ORIGINS', 'app.example.org'],
  ['HATSTAND_CORS_ORIGINS', 'https://app.example.org/'],
  ['HATSTAND_TRUST_PROXY', 'true'],
  ['HATSTAND_TRUST_PROXY', '10.0.0.0/33'],
  ['HATSTAND_TRUST_PROXY', '10.0.0.0/8/8'],
  ['HATSTAND_HISTORY_DAYS', 'ever'],
  ['HATSTAND_OWNER', 'two words'],
  ['HATSTAND_OWNER_EMAIL', 'Alice <alice@example.org>'],
  ['HATSTAND_SMTP_URL', 'https://mail.example.org'],
  ['HATSTAND_SMTP_URL', 'smtp://mail.example.org'],
  ['HATSTAND_MAIL_FROM', 'nobody'],
  ['HATSTAND_HEADER_LOGIN', 'no'],
]

for (const [name, value] of refused)
  test(`${name}=${value} is refused in a sentence that names it`, () => {
    const env = { HATSTAND_OWNER_PASSWORD: 'long enough', [name]: value }
    assert.throws(
      () => readConfig(env),
      (error: Error) => error.message.startsWith(name) && error.message.endsWith('.'),
    )
  })

test('all bad settings are named at once', () => {
  assert.throws(() => readConfig({ PORT: 'x', HATSTAND_MAX_RECORDS: 'y' }), /PORT .*\nHATSTAND_MAX_RECORDS /)
})

test('the complaint about a database address or a password does not repeat it', () => {
  const secret = 'hunter2'
  for (const env of [
    { DATABASE_URL: `postgresx://me:${secret}@db/x` },
    { HATSTAND_OWNER_PASSWORD: secret },
    { HATSTAND_SMTP_URL: `mail://me:${secret}@mail` },
  ])
    assert.throws(
      () => readConfig(env),
      (error: Error) => !error.message.includes(secret),
    )
})

test('an owner needs a password, a password alone is fine', () => {
  assert.throws(() => readConfig({ HATSTAND_OWNER: 'alice' }), /HATSTAND_OWNER_PASSWORD/)
  assert.equal(readConfig({ HATSTAND_OWNER_PASSWORD: 'long enough' }).owner, undefined)
})

test('a password keeps the spaces at its ends, as on the command line', () => {
  const password = ' long enough '
  assert.equal(readConfig({ HATSTAND_OWNER_PASSWORD: password }).ownerPassword, password)
})

test('lists, proxies and counts are read as what they are', () => {
  const config = readConfig({
    HATSTAND_CORS_ORIGINS: 'https://a.example.org, http://localhost:3000',
    HATSTAND_TRUST_PROXY: '10.0.0.0/8, ::1',
    HATSTAND_PRIVATE_HOSTS: 'NAS.home, 10.0.0.2:80, [fd00::1]:8443',
    HATSTAND_HISTORY_DAYS: '0',
  })
  assert.deepEqual(config.privateHosts, ['nas.home', '10.0.0.2:80', '[fd00::1]:8443'])
  for (const bad of ['http://nas.home', 'nas.home/x', 'nas:0', 'nas:70000', 'a b', '::1'])
    assert.throws(() => readConfig({ HATSTAND_PRIVATE_HOSTS: bad }), /must list hosts/, bad)
  assert.deepEqual(config.corsOrigins, ['https://a.example.org', 'http://localhost:3000'])
  assert.deepEqual(config.trustProxy, ['10.0.0.0/8', '::1'])
  assert.equal(config.historyDays, 0)
  assert.equal(readConfig({ HATSTAND_TRUST_PROXY: '2' }).trustProxy, 2)
})

test('a misspelt setting is noticed', () => {
  const known = Object.fromEntries(Object.values(settings).map((setting) => [setting.name, '']))
  assert.deepEqual(unknownSettings({ ...known, PATH: '/bin', HATSTAND_DATADIR: './data' }), [
    'HATSTAND_DATADIR',
  ])
})
