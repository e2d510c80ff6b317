import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account, Context } from '../../context.ts'
import { findOwner, type Owner } from '../../store/access/owners.ts'
import { cookieOf, setCookie } from '../cookies.ts'

const cookieName = 'hatstand_second_step'
/** How long after the password the second factor may come, in seconds. */
const timeoutSeconds = 600

/**
 * Remembers in the browser that the password was right, and the second factor is still to come. Nothing is kept for it: what the
 * browser holds is signed with what only the account knows, and ends with the password.
 */
export function beginSecondStep(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  account: Account,
  owner: Owner,
): void {
  const end = Math.floor(context.now() / 1000) + timeoutSeconds
  setCookie(context, request, reply, cookieName, `${end}.${seal(account, owner, end)}`, timeoutSeconds)
}

/** The owner whose password this browser gave a short while ago. */
export async function ownerInSecondStep(
  context: Context,
  request: FastifyRequest,
  account: Account,
): Promise<Owner | undefined> {
  const [, end = '', given = ''] =
    /^(\d{1,12})\.([\w-]{43})$/.exec(cookieOf(context, request, cookieName) ?? '') ?? []
  if (end === '' || Number(end) * 1000 < context.now()) return undefined
  const owner = await context.database.of(account.pda).read((unit) => findOwner(unit))
  if (owner === undefined) return undefined
  const made = seal(account, owner, Number(end))
  return timingSafeEqual(Buffer.from(given), Buffer.from(made)) ? owner : undefined
}

export function endSecondStep(context: Context, request: FastifyRequest, reply: FastifyReply): void {
  setCookie(context, request, reply, cookieName, '', 0)
}

function seal({ pda, domain }: Account, { subject, passwordHash }: Owner, end: number): string {
  return createHmac('sha256', passwordHash)
    .update(JSON.stringify(['second step', pda, domain, subject, end]))
    .digest('base64url')
}
