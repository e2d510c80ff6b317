import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withParameter } from './hat-login.ts'

test('a token is added to an address, whose query stays to the letter and whose fragment goes', () => {
  const cases: [address: string, expected: string][] = [
    ['https://app.example', 'https://app.example?token=a%2Bb'],
    ['https://app.example/in', 'https://app.example/in?token=a%2Bb'],
    ['https://app.example/in?', 'https://app.example/in?token=a%2Bb'],
    ['https://app.example/in?a=%20b+c&d', 'https://app.example/in?a=%20b+c&d&token=a%2Bb'],
    ['https://app.example/in?a=1&', 'https://app.example/in?a=1&token=a%2Bb'],
    ['https://app.example/in#/here', 'https://app.example/in?token=a%2Bb'],
    ['notes://signed-in', 'notes://signed-in?token=a%2Bb'],
    ['org.example.notes:/in', 'org.example.notes:/in?token=a%2Bb'],
    ['notes:in?x=1', 'notes:in?x=1&token=a%2Bb'],
  ]
  for (const [address, expected] of cases) assert.equal(withParameter(address, 'token', 'a+b'), expected)
})
