import { hiddenText, shownText } from '../auth/passwords/hidden-names.ts'
import type { DataDebit, Permission } from '../domain/consent/data-debit.ts'
import type { BundlePlace } from '../store/queries/bundles.ts'

/** How long after its beginning a read goes on, page by page, in milliseconds. */
const longestRead = 3_600_000

/** A read that is answered page by page: of which permission, when it was accepted and when the read began, and where it goes on. */
export interface ReadCursor {
  permission: number
  acceptedAt: number
  begun: number
  place: BundlePlace
}

/** Where a read goes on, as its requester gets it: it can neither be read nor made. */
export function cursorText({ secret }: DataDebit, { place, ...read }: ReadCursor): string {
  const { after, ...where } = place
  const key = after?.key && Buffer.from(after.key).toString('base64url')
  return hiddenText(secret, JSON.stringify({ ...read, ...where, ...after, key }))
}

/** @returns undefined when it is not of this data debit, or too old */
export function readCursor({ secret }: DataDebit, text: string, now: number): ReadCursor | undefined {
  const spelled = shownText(secret, text)
  if (spelled === undefined) return undefined
  const { permission, acceptedAt, begun, property, given, key, back, index } = JSON.parse(spelled)
  if (now < begun || now > begun + longestRead) return undefined
  const after =
    back === undefined ? undefined : { back, index, ...(key && { key: Buffer.from(key, 'base64url') }) }
  return { permission, acceptedAt, begun, place: { property, given, after } }
}

/** The permission as it is for a read that has begun: that the read used it up does not end the read. */
export function goingOn({ permissions }: DataDebit, read: ReadCursor): Permission | undefined {
  const found = permissions[read.permission - 1]
  if (!found || found.acceptedAt !== read.acceptedAt) return undefined
  return found.usedUpAt === read.begun ? { ...found, usedUpAt: undefined } : found
}
