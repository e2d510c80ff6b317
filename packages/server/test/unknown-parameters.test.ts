import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '@hatstand/api/operations.ts'
import { ask, everyRow } from './asking.ts'
import { startServer } from './harness.ts'
import { rows } from './rights-rows.ts'
import { whoAsks } from './tokens.ts'

/** What old clients may send more to than there is: reading, signing in, saving something new. Nothing here takes away. */
const lenient = [
  'createRecords',
  'createBatch',
  'createLink',
  'requestPasswordReset',
  'listRecords',
  'listSources',
  'readCombinator',
  'readBundle',
  'readBundleStructure',
  'listDataDebits',
  'readDataDebit',
  'readDataDebitValues',
  'listApplications',
  'readApplication',
  'readDefinition',
  'listApplicationsForSignIn',
  'createApplicationToken',
  'createHatLogin',
  'createTokenForResource',
  'createAccessToken',
  'validateAccessToken',
  'readPublicKey',
  'listUsers',
]

test('only what reads, signs in or adds may pass over a parameter there is none of', () => {
  const open = operations.filter(({ ignoresUnknownQuery }) => ignoresUnknownQuery)
  assert.deepEqual(
    open.map(({ operationId }) => operationId).toSorted(),
    lenient.toSorted(),
    'an operation that changes or takes away must refuse what it does not know',
  )
  for (const { method, operationId } of open)
    assert.ok(method === 'GET' || method === 'POST', `${operationId} takes away`)
})

test('every other operation refuses a parameter there is none of, names it, and does nothing', async (t) => {
  const server = await startServer(t)
  await whoAsks(server)
  let asked = 0
  for (const { operationId, method, ignoresUnknownQuery } of operations) {
    if (ignoresUnknownQuery) continue
    const request = await rows[operationId]!.request({ server, namespace: 'mine', exists: true })
    const headers = { ...request.headers, 'x-auth-token': server.token }
    for (const name of ['recordId', 'dryRun', 'nonsense', '__proto__']) {
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}${name}=1`
      const kept = await everyRow(server.context.database)
      const reply = await ask(server.url, { ...request, path, method, headers })
      const about = `${operationId}, ${name}: ${reply.text}`
      assert.equal(reply.status, 400, about)
      const { code, cause } = JSON.parse(reply.text) as { code: string; cause: string }
      assert.equal(code, 'invalid_query', about)
      assert.equal(cause, `There is no query parameter "${name}" here`, about)
      assert.equal(await everyRow(server.context.database), kept, `${about}: something changed`)
      asked += 1
    }
  }
  assert.ok(asked > 150)
})
