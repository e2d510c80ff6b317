import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../access/rights.ts'
import { confinedTo, rolesFrom } from '../access/roles.ts'
import { decides, isRequester, mayPropose, mayUse } from './data-debit.ts'

const application = (id: string, ...roles: string[]): Caller => {
  const granted = roles.map((text) => text.split(' ')).map(([role = '', detail = '']) => ({ role, detail }))
  return { kind: 'application', application: id, version: '1.0.0', tokenId: 't', roles: rolesFrom(granted) }
}
const owner: Caller = { kind: 'owner', subject: 's', tokenId: 't' }
const debit = { id: 'survey', holder: 'acme' }

test('the owner and applications with that role decide, and have to do with all data debits', () => {
  for (const caller of [owner, application('dashboard', 'owner')])
    assert.deepEqual([mayPropose(caller), decides(caller), mayUse(caller, debit)], [true, true, true])
})

test('who may propose does not decide, and has to do with its own data debits only', () => {
  for (const role of ['datadebit', 'platform']) {
    const [acme, other] = [application('acme', role), application('other', role)]
    assert.deepEqual([mayPropose(acme), decides(acme), mayUse(acme, debit)], [true, false, true])
    assert.deepEqual([mayPropose(other), decides(other), mayUse(other, debit)], [true, false, false])
  }
})

test('the role for one data debit is of use to who proposed it, and to nobody else', () => {
  assert.equal(isRequester(application('acme', 'datadebit survey'), debit), true)
  assert.equal(isRequester(application('acme', 'datadebit more'), debit), false)
  assert.equal(isRequester(application('other', 'datadebit survey'), debit), false)
  assert.equal(mayPropose(application('acme', 'datadebit survey')), false)
})

test('a token by OAuth of the same application reads no values, whatever its scope', () => {
  const granted = rolesFrom([
    { role: 'datadebit', detail: '' },
    { role: 'owner', detail: '' },
  ])
  for (const scope of ['', 'read:rumpel', 'datadebit owner']) {
    const caller: Caller = {
      kind: 'application',
      application: 'acme',
      version: '1.0.0',
      tokenId: 't',
      roles: confinedTo(granted, scope),
    }
    assert.deepEqual([mayUse(caller, debit), mayPropose(caller), decides(caller)], [false, false, false])
  }
})

test('a user is not the application of the same name', () => {
  const roles = rolesFrom([{ role: 'datadebit', detail: '' }])
  const user: Caller = { kind: 'user', subject: 'acme', tokenId: 't', roles }
  assert.equal(mayUse(user, debit), false)
  assert.equal(mayUse(user, { ...debit, holder: 'user:acme' }), true)
})
