import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Caller,
  hasRole,
  holderOf,
  isOwner,
  mayGrant,
  mayRead,
  mayWrite,
  mayWriteSomewhere,
  userIn,
} from './rights.ts'
import { confinedTo, isRole, rolesFrom } from './roles.ts'

const owner: Caller = { kind: 'owner', subject: 'f3a1', tokenId: 't' }
const application: Caller = {
  kind: 'application',
  application: 'tracker',
  version: '1.0.0',
  roles: rolesFrom([
    { role: 'namespaceread', detail: 'rumpel' },
    { role: 'namespaceread', detail: 'shared' },
    { role: 'namespacewrite', detail: 'tracker' },
    { role: 'namespacewrite', detail: 'shared' },
    { role: 'applicationmanage', detail: 'weather' },
  ]),
  tokenId: 't',
}
const everything: Caller = { ...application, roles: rolesFrom([{ role: 'owner', detail: '' }]) }
const none: Caller = { ...application, roles: rolesFrom([]) }

test('the owner may read and write every namespace, and has every role', () => {
  assert.equal(mayRead(owner, 'anything'), true)
  assert.equal(mayWrite(owner, 'anything'), true)
  assert.equal(hasRole(owner, 'platform'), true)
  assert.equal(hasRole(owner, 'applicationmanage', 'weather'), true)
})

test('everybody passes on only what they have, the owner anything', () => {
  const wanted = [
    { role: 'namespaceread', detail: 'rumpel' },
    { role: 'namespacewrite', detail: 'rumpel' },
    { role: 'applicationmanage', detail: 'weather' },
    { role: 'applicationmanage', detail: 'tracker' },
    { role: 'datacredit', detail: '' },
    { role: 'owner', detail: '' },
  ] as const
  const passed = (caller: Caller) => wanted.filter((role) => mayGrant(caller, role))
  assert.deepEqual(passed(owner), wanted)
  assert.deepEqual(passed(everything), wanted)
  assert.deepEqual(passed(application), [wanted[0], wanted[2]])
  assert.deepEqual(passed(none), [])
})

test('an application reads and writes only where it was granted', () => {
  assert.equal(mayRead(application, 'shared'), true)
  assert.equal(mayWrite(application, 'shared'), true)
  assert.equal(mayRead(application, 'foreign'), false)
  assert.equal(mayWrite(application, 'foreign'), false)
})

test('writing does not include reading, nor reading writing', () => {
  assert.equal(mayWrite(application, 'tracker'), true)
  assert.equal(mayRead(application, 'tracker'), false)
  assert.equal(mayRead(application, 'rumpel'), true)
  assert.equal(mayWrite(application, 'rumpel'), false)
})

test('a namespace is granted as a whole name, never by its beginning or in another case', () => {
  assert.equal(mayRead(application, 'rump'), false)
  assert.equal(mayRead(application, 'rumpel-2'), false)
  assert.equal(mayRead(application, 'Rumpel'), false)
})

test('an application with no grant at all may do nothing', () => {
  assert.equal(mayRead(none, 'tracker'), false)
  assert.equal(mayWrite(none, 'tracker'), false)
  assert.equal(mayWriteSomewhere(none), false)
  assert.equal(hasRole(none, 'validate'), false)
})

test('an application with the role owner reads and writes everything, and is not the owner in person', () => {
  assert.equal(mayRead(everything, 'anything'), true)
  assert.equal(mayWrite(everything, 'anything'), true)
  assert.equal(mayWriteSomewhere(everything), true)
  assert.equal(isOwner(everything), false)
})

test('a role holds where it says, and nowhere else', () => {
  assert.equal(hasRole(application, 'applicationmanage', 'weather'), true)
  assert.equal(hasRole(application, 'applicationmanage', 'other'), false)
  assert.equal(hasRole(application, 'applicationmanage'), false)
  assert.equal(hasRole(application, 'owner'), false)
})

test('a scope takes away from what was granted, and never adds to it', () => {
  const { roles } = application as Exclude<Caller, { kind: 'owner' }>
  const confined = confinedTo(roles, 'read:rumpel write:shared read:foreign write:rumpel openid read:')
  assert.deepEqual([...confined.reads], ['rumpel'])
  assert.deepEqual([...confined.writes], ['shared'])
  assert.deepEqual([...confined.others], [])
  assert.deepEqual([...confinedTo(roles, '').reads], [])
  const all = confinedTo(rolesFrom([{ role: 'owner', detail: '' }]), 'read:rumpel')
  assert.deepEqual([...all.reads, ...all.writes, ...all.others], ['rumpel'])
})

test('a role is known by its name, with the detail it needs', () => {
  assert.equal(isRole('namespaceread', 'rumpel'), true)
  assert.equal(isRole('namespaceread', ''), false)
  assert.equal(isRole('owner', ''), true)
  assert.equal(isRole('owner', 'x'), false)
  assert.equal(isRole('root', ''), false)
})

test('records carry owner, the id of the application, or the user that wrote them', () => {
  assert.equal(holderOf(owner), 'owner')
  assert.equal(holderOf(application), 'tracker')
  assert.equal(holderOf({ kind: 'user', subject: 'a1', roles: rolesFrom([]), tokenId: 't' }), 'user:a1')
  assert.equal(userIn('user:a1'), 'a1')
  assert.equal(userIn('tracker'), undefined)
  assert.equal(isOwner(owner), true)
  assert.equal(isOwner(application), false)
})
