import assert from 'node:assert/strict'
import { PdaError } from '@hatstand/sdk'

/** The refusal of something that must be refused. */
export async function refused(asked: Promise<unknown>): Promise<PdaError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof PdaError, `was not refused: ${String(error)}`)
  return error
}
