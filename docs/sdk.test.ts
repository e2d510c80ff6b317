import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from '@hatstand/sdk'
import { signIn } from '@hatstand/sdk/sign-in'

const readme = await readFile(join(import.meta.dirname, '../packages/sdk/README.md'), 'utf8')

/** The methods that the tables of a chapter describe, by name. */
function described(chapter: string): string[] {
  const [, text = ''] = readme.split(`\n## ${chapter}\n`)
  const rows = text.split('\n## ')[0]!.matchAll(/^\| `([\w.]+)\([^`]*\)` \| .{10,} \|$/gm)
  return Array.from(rows, ([, name = '']) => name)
}

/** `records.list` for each function of an object, however deep. */
function methodsOf(of: object, path = ''): string[] {
  return Object.entries(of).flatMap(([name, member]: [string, unknown]) => {
    if (typeof member === 'function') return [path + name]
    return typeof member === 'object' && member !== null ? methodsOf(member, `${path}${name}.`) : []
  })
}

test('the README of the SDK describes each of its operations, once, and no other', () => {
  assert.deepEqual(
    described('Every operation').toSorted(),
    methodsOf(connect('http://localhost:8080')).toSorted(),
  )
})

test('the README of the SDK describes all that signing in does', () => {
  Object.assign(globalThis, { addEventListener() {} })
  const session = signIn({
    url: 'http://localhost',
    clientId: 'x',
    scope: 'read:x',
    redirectUri: 'http://localhost/',
  })
  assert.deepEqual(described('Signing in from a page').toSorted(), methodsOf(session).toSorted())
})
