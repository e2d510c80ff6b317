import assert from 'node:assert/strict'
import { HatstandError } from '@hatstand/sdk'

/** The refusal of something that must be refused. */
export async function refused(asked: Promise<unknown>): Promise<HatstandError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof HatstandError, `was not refused: ${String(error)}`)
  return error
}
