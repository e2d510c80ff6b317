import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectUriProblem } from './definition.ts'

test('web pages and schemes of applications can be returned to', () => {
  for (const uri of [
    'https://app.example.org/signed-in',
    'https://app.example.org',
    'https://app.example.org/a?b=c&d=%20',
    'http://localhost:3000/authentication',
    'http://192.168.1.2/',
    'databuyer://login',
    'com.example.app:/signed-in',
    'HTTPS://APP.example.org/',
  ])
    assert.equal(redirectUriProblem(uri), undefined, uri)
})

test('what a browser would run, read or show by itself cannot', () => {
  for (const scheme of [
    'javascript',
    'JavaScript',
    'data',
    'file',
    'blob',
    'about',
    'vbscript',
    'view-source',
  ])
    assert.match(String(redirectUriProblem(`${scheme}:alert(1)`)), /is not$/, scheme)
})

test('nor can what is no whole address, or is read otherwise than it is written', () => {
  for (const uri of [
    '',
    '/signed-in',
    '//app.example.org',
    'app.example.org/x',
    'https:app.example.org',
    'https:\\\\app.example.org',
    'https:///app.example.org',
    'https://app.example.org/#done',
    'https://app.example.org@evil.example/',
    'https://me:pw@app.example.org/',
    'https://*.example.org/',
    'https://a;frame-ancestors/x',
    "https://'unsafe-inline'/",
    'https://a,b.example.org/',
    'https://app.example.org\\@evil.example/',
    'https://app.example.org/ x',
    'https://app.exam\nple.org/',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'https://äpp.example.org/',
    `https://app.example.org/${'x'.repeat(2000)}`,
  ])
    assert.notEqual(redirectUriProblem(uri), undefined, uri)
})
