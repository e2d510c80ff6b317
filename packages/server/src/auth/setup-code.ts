import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The one-time code of the set-up page: held by this process only, as a digest, and spent by its first use. */
export interface SetupCode {
  pda: number
  accepts: (code: string) => boolean
  spend: () => void
}

/** Makes a code for an account without an owner; `code` is shown once and kept nowhere. */
export function makeSetupCode(pda: number): SetupCode & { code: string } {
  const code = randomBytes(24).toString('base64url')
  let kept: Buffer | undefined = digest(code)
  return {
    code,
    pda,
    accepts: (text) => kept !== undefined && timingSafeEqual(kept, digest(text)),
    spend: () => {
      kept = undefined
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
