import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import SwaggerParser from '@apidevtools/swagger-parser'
import { operations } from '@hatstand/api/operations.ts'
import { openApiDocument, refusalsOf } from './openapi.ts'

const file = join(import.meta.dirname, '../../../../../docs/openapi.json')

test('the OpenAPI page in docs is the one the server makes', (t) => {
  // Write it anew: npm run openapi
  t.assert.fileSnapshot(openApiDocument(), file, {
    serializers: [(value: unknown) => `${JSON.stringify(value, null, 2)}\n`],
  })
})

test('the OpenAPI description is valid OpenAPI 3.1', async () => {
  const document = structuredClone(openApiDocument()) as unknown as Parameters<
    typeof SwaggerParser.validate
  >[0]
  await SwaggerParser.validate(document)
})

test('every operation has a name of its own, an example of its answer and refusals without repetition', () => {
  const names = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(names).size, names.length)
  for (const operation of operations) {
    const codes = refusalsOf(operation)
    assert.equal(new Set(codes).size, codes.length)
    assert.ok(Object.keys(operation.answers).length > 0, operation.operationId)
  }
})
