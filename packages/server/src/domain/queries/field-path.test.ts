import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maxPathLength, maxNames, parsePath, PathError, pathText } from './text.ts'

const refused = (path: string, brackets = false) =>
  assert.throws(() => parsePath(path, { brackets }), PathError, JSON.stringify(path))

test('a path is names with dots between; a number is an element or a name', () => {
  assert.deepEqual(parsePath('data.locations.0.timestamp'), ['data', 'locations', '0', 'timestamp'])
  assert.deepEqual(parsePath('timestamp'), ['timestamp'])
})

test('names may have dashes, spaces and any Unicode', () => {
  assert.deepEqual(parsePath('first-name.last name.größe.😀.__proto__'), [
    'first-name',
    'last name',
    'größe',
    '😀',
    '__proto__',
  ])
})

test('a dot, bracket or backslash of a name has a backslash in front', () => {
  assert.deepEqual(parsePath(String.raw`a\.b.c`), ['a.b', 'c'])
  assert.deepEqual(parsePath(String.raw`a\[0\].\\`), ['a[0]', '\\'])
  assert.deepEqual(parsePath(String.raw`a\[0\][1]`, { brackets: true }), ['a[0]', '1'])
})

test('in mappings brackets hold the place of an element', () => {
  assert.deepEqual(parsePath('arr[1].name', { brackets: true }), ['arr', '1', 'name'])
  assert.deepEqual(parsePath('arr[1][20]', { brackets: true }), ['arr', '1', '20'])
})

test('what is no path is refused', () => {
  for (const path of ['', '.', '.a', 'a.', 'a..b', 'a\\', 'a\\b', 'a[0]', 'a]', '[0]']) refused(path)
  for (const path of [
    '',
    'a[]',
    'a[x]',
    'a[01]',
    'a[-1]',
    'a[1',
    'a[1]b',
    'a]',
    '[0]',
    'a.[0]',
    'a[[0]]',
    'a[1]]',
  ])
    refused(path, true)
})

test('a path has its limits', () => {
  assert.equal(parsePath('x'.repeat(maxPathLength)).length, 1)
  refused('x'.repeat(maxPathLength + 1))
  assert.equal(parsePath(Array(maxNames).fill('x').join('.')).length, maxNames)
  refused(
    Array(maxNames + 1)
      .fill('x')
      .join('.'),
  )
})

test('any names can be written as a path, and are read as the same', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', '.', '[', ']', '\\', '0', ' ', 'é', '\ud83d'),
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.boolean(), (names, brackets) => {
      assert.deepEqual(parsePath(pathText(names), { brackets }), names)
    }),
  )
})
