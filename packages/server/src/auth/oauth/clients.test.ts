import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentSecurity, formTarget } from '../../http/page.ts'
import { documentTaken, isRedirectOf, isSafeRedirect } from './clients.ts'

test('codes go over https, within this machine or to a program, and to nothing a browser runs or shows', () => {
  for (const uri of [
    'https://a.example/back',
    'http://127.0.0.1:9/back',
    'http://[::1]/back',
    'com.example.a:/back',
  ])
    assert.equal(isSafeRedirect(uri), true, uri)
  for (const uri of [
    'http://a.example/back',
    'https://a.example/#x',
    'https://me:pw@a.example/',
    'https://a;frame-ancestors/back',
    'javascript:alert(1)',
    'data:text/html,x',
    'back',
  ])
    assert.equal(isSafeRedirect(uri), false, uri)
})

test('within this machine the port is any, and everything else is to the letter', () => {
  const registered = [
    'http://127.0.0.1/back',
    'http://localhost:3000/back?x=1',
    'http://[::1]',
    'https://localhost/back',
  ]
  for (const uri of [
    ...registered,
    'http://127.0.0.1:53111/back',
    'http://127.0.0.1:80/back',
    'http://localhost:3001/back?x=1',
    'http://localhost/back?x=1',
    'http://[::1]:9',
  ])
    assert.equal(isRedirectOf(registered, uri), true, uri)
  for (const uri of [
    'http://127.0.0.1:53111/other',
    'http://127.0.0.1:53111/back/',
    'http://127.0.0.1:53111/back?x=1',
    'http://127.0.0.1:53111/back#x',
    'http://127.0.0.1:53111',
    'http://127.0.0.1:99999/back',
    'http://127.0.0.1:/back',
    'http://127.0.0.1:80@evil.example/back',
    'http://127.0.0.1.evil.example/back',
    'http://127.0.0.1:1.evil.example/back',
    'http://127.0.0.2:53111/back',
    'http://localhost:53111/back',
    'http://192.168.0.2:53111/back',
    'https://127.0.0.1:53111/back',
    'https://localhost:53111/back',
    'HTTP://127.0.0.1:53111/back',
    'x:/back',
  ])
    assert.equal(isRedirectOf(registered, uri), false, uri)
  assert.equal(
    isRedirectOf(['https://a.example/back', 'http://a.example/back'], 'http://a.example:1/back'),
    false,
  )
})

test('a document that cannot be read is left as it is, for a refusal', () => {
  for (const text of ['', '<html>', '[]', 'null', '"x"']) assert.equal(documentTaken(text), text)
  const odd = JSON.parse(
    documentTaken('{"__proto__":{"scope":"x"},"redirect_uris":"x","scope":7,"tos_uri":null}'),
  )
  assert.deepEqual(odd, { redirect_uris: 'x' })
})

test('no address adds to what a page is allowed', () => {
  const policy = contentSecurity({
    formAction: [formTarget('https://a;frame-ancestors/'), formTarget('https://b.example/x')],
  })
  assert.match(
    policy,
    /; form-action 'self' https: https:\/\/b\.example; base-uri 'none'; frame-ancestors 'none'$/,
  )
})
