import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localPath } from './sign-in.ts'

test('a path on this server stays as it is, with its query', () => {
  for (const path of [
    '/',
    '/account',
    '/hatlogin?name=a&redirect=https%3A%2F%2Fapp.example%2F',
    '/a/b?c=//d',
  ])
    assert.equal(localPath(path), path)
})

const elsewhere = [
  '',
  'account',
  'https://evil.example/',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/%5c/../\\evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  '/x/%2e%2e//evil.example',
  '/\tevil.example',
  '/\n/evil.example',
  ' /account',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  '/\u0000',
  '/ümlaut',
  `/${'x'.repeat(5000)}`,
]

for (const text of elsewhere)
  test(`what a browser would follow to another place is no path of ours: ${JSON.stringify(text).slice(0, 40)}`, () => {
    assert.equal(localPath(text), undefined)
  })

test('what is left can only be a path: resolved by a browser it stays on this server', () => {
  for (const text of ['/a/../b', '/a?//evil.example', '/@evil.example', '/a:b@evil.example', '/;/evil'])
    assert.equal(new URL(localPath(text)!, 'https://me.example.org').origin, 'https://me.example.org')
})
