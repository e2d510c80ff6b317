import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { at } from '../../test/command-line.ts'
import { freshFolder } from '../../test/engines.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { compactJws, receiptType } from '../jws.ts'

test('a receipt is verified without an account: genuine, changed, by another key, or no receipt', async () => {
  const folder = freshFolder()
  const { run } = at(folder)
  const [key, other] = [await makeSigningKey(), await makeSigningKey()]
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const receipt = '{"receipt_id":"one","event":"accepted"}'
  const jws = compactJws(key, receiptType, receipt)
  const [genuine, pem] = [file('genuine', `${jws}\n`), file('key.pem', key.publicPem)]
  const good = await run('receipt', 'verify', genuine, '--key', pem)
  assert.deepEqual(good, { said: receipt, complaint: '', code: 0 })
  const [header, , signature] = jws.split('.') as [string, string, string]
  const changed = Buffer.from(receipt.replace('accepted', 'rejected')).toString('base64url')
  const bad: [string, string, RegExp][] = [
    [file('changed', `${header}.${changed}.${signature}`), pem, /was changed, or was not signed/],
    [genuine, file('other.pem', other.publicPem), /was changed, or was not signed/],
    [file('token', compactJws(key, 'JWT', receipt)), pem, /holds no signed consent receipt/],
    [file('words', 'no receipt'), pem, /holds no signed consent receipt/],
    [genuine, genuine, /holds no public key/],
    [join(folder, 'nothing'), pem, /cannot be read \(ENOENT\)/],
  ]
  for (const [which, by, words] of bad) {
    const { said, complaint, code } = await run('receipt', 'verify', which, '--key', by)
    assert.deepEqual([said, code], ['', 1])
    assert.match(complaint, words)
  }
})
