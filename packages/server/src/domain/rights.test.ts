import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwner, mayRead, mayWrite, writerOf, type Caller } from './rights.ts'

const owner: Caller = { kind: 'owner', subject: 'f3a1' }
const application: Caller = {
  kind: 'application',
  application: 'tracker',
  version: '1.0.0',
  reads: new Set(['rumpel', 'shared']),
  writes: new Set(['tracker', 'shared']),
}

test('the owner may read and write every namespace', () => {
  assert.equal(mayRead(owner, 'anything'), true)
  assert.equal(mayWrite(owner, 'anything'), true)
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
  const none: Caller = { ...application, reads: new Set(), writes: new Set() }
  assert.equal(mayRead(none, 'tracker'), false)
  assert.equal(mayWrite(none, 'tracker'), false)
})

test('records carry owner or the id of the application that wrote them', () => {
  assert.equal(writerOf(owner), 'owner')
  assert.equal(writerOf(application), 'tracker')
  assert.equal(isOwner(owner), true)
  assert.equal(isOwner(application), false)
})
