import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentSecurity, formTarget } from '../routes/page.ts'
import { isSafeRedirect } from './oauth-clients.ts'

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

test('no address adds to what a page is allowed', () => {
  const policy = contentSecurity({
    formAction: [formTarget('https://a;frame-ancestors/'), formTarget('https://b.example/x')],
  })
  assert.match(
    policy,
    /; form-action 'self' https: https:\/\/b\.example; base-uri 'none'; frame-ancestors 'none'$/,
  )
})
