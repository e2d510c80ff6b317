import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Application, exampleDefinition } from '@hatstand/api/application-definition.ts'
import {
  isMinimal,
  minimalDefinition,
  asksForMore,
  compareVersions,
  definitionProblem,
  isClientAddress,
  newRoles,
  rolesOf,
} from './definition.ts'
import type { Role } from './roles.ts'

const good: Application = exampleDefinition

/** The example with one member changed, by its path. */
function changed(path: string, value: unknown): Application {
  const copy = structuredClone(good) as unknown as Record<string, unknown>
  const steps = path.split('.')
  const last = steps.pop()!
  const inside = steps.reduce((object, step) => object[step] as Record<string, unknown>, copy)
  inside[last] = value
  return copy as unknown as Application
}

/** The path of the member that is refused. */
const refused = (path: string, value: unknown) => definitionProblem(changed(path, value))?.path.join('.')

const asking = (...roles: { role: string; detail?: string }[]) =>
  definitionProblem(changed('permissions.rolesGranted', roles))

test('the example of the documentation will do', () => {
  assert.equal(definitionProblem(good), undefined)
})

test('an id is a plain name or an https address, and not the owner or a part of an address', () => {
  for (const id of ['notes', 'my.App_2-x', 'https://app.example.org/client.json'])
    assert.equal(refused('id', id), undefined, id)
  for (const id of [
    '',
    'owner',
    'hmi',
    'user:1',
    'a/b',
    '-a',
    'http://app.example.org/',
    'https:///x',
    'a\u0000',
  ])
    assert.equal(refused('id', id), 'id', id)
  assert.equal(isClientAddress('https://app.example.org/client.json'), true)
  assert.equal(isClientAddress('notes'), false)
})

test('no text of a definition turns the writing round or has control characters; line breaks and right-to-left writing will do', () => {
  for (const path of ['info.headline', 'info.dataUsePurpose', 'info.description.text', 'developer.country'])
    for (const text of ['a\u202eb', 'a\u2066b', 'a\u0007', 'a\u009b', '\u0000', 'a\u007f'])
      assert.equal(refused(path, text), path, JSON.stringify(text))
  assert.equal(
    refused('info.updateNotes', { header: 'new', notes: ['fine', '\u202d'] }),
    'info.updateNotes.notes.1',
  )
  for (const text of ['one\r\n\ttwo', 'יומן (\u200f2.0\u200f)!', 'می\u200cخواهم', ''])
    assert.equal(refused('info.headline', text), undefined, JSON.stringify(text))
  assert.equal(refused('info.dataPreview', [{ anything: '\u202e' }]), undefined)
})

test('names cannot hide or reorder what stands around them', () => {
  for (const name of ['', '  ', 'a\u202eb', 'a\nb', 'a\u200bb', 'a\u0007'])
    assert.equal(refused('info.name', name), 'info.name', JSON.stringify(name))
  assert.equal(refused('developer.name', 'a\u202eb'), 'developer.name')
  assert.equal(refused('info.name', 'Künstler & Söhne 👩\u200d🎨'), undefined)
})

test('an older version cannot ask for a newer one, and the date of a release is a date', () => {
  assert.equal(refused('status.compatibility', '1.0.1'), 'status.compatibility')
  assert.equal(refused('status.compatibility', '0.9.9'), undefined)
  assert.equal(refused('status.versionReleaseDate', 'soon'), 'status.versionReleaseDate')
})

test('what an external set-up or status needs is asked for', () => {
  assert.equal(refused('setup', { kind: 'External' }), 'setup.validRedirectUris')
  assert.equal(refused('setup', { kind: 'Internal' }), undefined)
  assert.equal(refused('status.kind', 'External'), 'status.statusUrl')
})

const uris = (...list: string[]) => refused('setup.validRedirectUris', list)

test('addresses to return to are checked one by one, and stand there once', () => {
  assert.equal(uris('https://a.org/x', 'app://x', 'http://localhost:3000'), undefined)
  assert.equal(uris('https://a.org/x', 'javascript:alert(1)'), 'setup.validRedirectUris.1')
  assert.equal(uris('https://a.org/x', 'https://a.org/x'), 'setup.validRedirectUris.1')
})

test('addresses that people follow lead to pages or applications', () => {
  for (const path of ['kind.url', 'info.termsUrl', 'info.privacyPolicyUrl', 'developer.url', 'setup.url']) {
    assert.equal(refused(path, 'javascript:alert(1)'), path)
    assert.equal(refused(path, ''), undefined, path)
    assert.equal(refused(path, 'https://a.org/#x'), undefined, path)
  }
  assert.equal(refused('kind.iosUrl', 'data:text/html,x'), 'kind.iosUrl')
  assert.equal(refused('setup.iosUrl', 'notes://open'), undefined)
})

test('unknown roles, and roles of people, are refused by name', () => {
  const sayings = [
    [{ role: 'administrator' }, 'permissions.rolesGranted.0.role', /"administrator" is none$/],
    [{ role: 'platform' }, 'permissions.rolesGranted.0.role', /platform is none$/],
    [{ role: 'validate' }, 'permissions.rolesGranted.0.role', /validate is none$/],
    [{ role: 'namespaceread' }, 'permissions.rolesGranted.0.detail', /there for the role namespaceread/],
    [{ role: 'namespacewrite', detail: 'a/b' }, 'permissions.rolesGranted.0.detail', /a namespace/],
    [{ role: 'owner', detail: 'x' }, 'permissions.rolesGranted.0.detail', /left out for the role owner/],
    [{ role: 'datadebit', detail: 'a b' }, 'permissions.rolesGranted.0.detail', /letters, digits/],
    [{ role: 'applicationmanage', detail: 'a b' }, 'permissions.rolesGranted.0.detail', /without spaces/],
    [{ role: 'constructor' }, 'permissions.rolesGranted.0.role', /"constructor" is none$/],
  ] as const
  for (const [role, path, mustBe] of sayings) {
    const problem = asking(role)
    assert.equal(problem?.path.join('.'), path, JSON.stringify(role))
    assert.match(problem?.mustBe ?? '', mustBe)
  }
  const twice = asking({ role: 'owner' }, { role: 'datadebit' }, { role: 'owner', detail: '' })
  assert.equal(twice?.path.join('.'), 'permissions.rolesGranted.2')
})

test('every role of applications can be asked for', () => {
  const roles = [
    { role: 'owner' },
    { role: 'datadebit' },
    { role: 'datadebit', detail: 'my-debit' },
    { role: 'datacredit', detail: '' },
    { role: 'applicationlist' },
    { role: 'applicationmanage', detail: 'https://a.org/client.json' },
    { role: 'retrieveapplicationtoken', detail: 'notes' },
    { role: 'managefiles', detail: '*' },
    { role: 'namespaceread', detail: 'rumpel' },
  ]
  assert.equal(asking(...roles), undefined)
})

test('asking for more is asking for any role that was not granted, in kind and detail', () => {
  const [read, write] = rolesOf(good) as [Role, Role]
  assert.deepEqual(rolesOf(good), [
    { role: 'namespaceread', detail: 'notes' },
    { role: 'namespacewrite', detail: 'notes' },
  ])
  assert.equal(asksForMore([read], [read, write]), false)
  assert.deepEqual(newRoles([read, write], [read]), [write])
  assert.equal(asksForMore([{ role: 'namespaceread', detail: 'other' }], [read, write]), true)
})

test('versions compare by their numbers', () => {
  assert.equal(compareVersions('1.10.0', '1.9.9') > 0, true)
  assert.equal(compareVersions('1.0.0', '1.0.0'), 0)
  assert.equal(compareVersions('0.9.12', '1.0.0') < 0, true)
})

test('a program of the owner has a definition with all that clients take for granted', () => {
  const roles: Role[] = [
    { role: 'namespacewrite', detail: 'tracker' },
    { role: 'applicationlist', detail: '' },
  ]
  const made = minimalDefinition('tracker', '1.2.0', roles, '2026-11-20T00:00:00.000Z')
  assert.equal(definitionProblem(made), undefined)
  assert.deepEqual(rolesOf(made), roles)
  assert.equal(made.kind.kind, 'App')
  assert.deepEqual(made.setup.validRedirectUris, [])
  assert.notEqual(made.info.graphics.logo.normal, '')
  assert.equal(Number.isNaN(Date.parse(made.status.versionReleaseDate)), false)
  assert.deepEqual(made.info.rating, { score: '', points: 0 })
  assert.equal('dependencies' in made, false)
  assert.equal(made.info.published, false)
})

test('a definition made for a program of the owner is told from one that was registered', () => {
  const text = JSON.stringify(minimalDefinition('a', '1.0.0', [{ role: 'owner', detail: '' }], '2026-01-01'))
  assert.equal(isMinimal(text), true)
  assert.equal(isMinimal(JSON.stringify(good)), false)
  assert.equal(isMinimal(text.replace('"name":"a"', '"name":"b"')), false)
})
