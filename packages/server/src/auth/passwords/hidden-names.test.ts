import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeOpaqueToken } from '../opaque-tokens.ts'
import { hiddenName, hiddenText, shownText } from './hidden-names.ts'

const [secret, another] = [makeOpaqueToken(), makeOpaqueToken()]
const id = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'

test('a hidden name is a UUID, the same each time, and another for each secret', () => {
  const name = hiddenName(secret, id)
  assert.match(name, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(hiddenName(secret, id), name)
  assert.notEqual(hiddenName(another, id), name)
  assert.notEqual(hiddenName(secret, id.replace('0', '1')), name)
})

test('a hidden text is read with its secret only, and never when it was changed', () => {
  const hidden = hiddenText(secret, '{"place":12}')
  assert.equal(shownText(secret, hidden), '{"place":12}')
  assert.notEqual(hiddenText(secret, '{"place":12}'), hidden)
  assert.equal(shownText(another, hidden), undefined)
  for (let at = 0; at < hidden.length - 1; at++) {
    const changed = hidden.slice(0, at) + (hidden[at] === 'A' ? 'B' : 'A') + hidden.slice(at + 1)
    assert.equal(shownText(secret, changed), undefined)
  }
  for (const text of ['', 'A', hidden.slice(0, 30)]) assert.equal(shownText(secret, text), undefined)
})
