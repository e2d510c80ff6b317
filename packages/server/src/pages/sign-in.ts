import type { FastifyReply, FastifyRequest } from 'fastify'
import { limitsOf } from '../auth/passwords/login-limit.ts'
import { isOwnerLogin } from '../auth/passwords/login.ts'
import { checkPasskey } from '../auth/second-factors/passkeys.ts'
import {
  checkSecondFactor,
  needsSecondFactor,
  secondFactorsOf,
} from '../auth/second-factors/second-factors.ts'
import { beginSecondStep, endSecondStep, ownerInSecondStep } from '../auth/second-factors/second-step.ts'
import { endSession, type Session, sessionOf, startSession } from '../auth/sessions.ts'
import type { Account, App, Context } from '../context.ts'
import { ApiError, errors } from '../errors.ts'
import { sendPage, alert, field, markup, type Markup, page } from '../http/page.ts'
import { appendRefused } from '../ledger/sums.ts'
import { findOwner, type Owner } from '../store/access/owners.ts'
import { passkeySignIn } from './account/second-factor-views.ts'
import { accountOfPage, formOf, hiddenFields, pages, sendOn } from './forms.ts'

const wrong = 'The name or the password is wrong.'
const wrongPasskey = 'This passkey is not one of this account, or it took too long. Try again.'
const wrongCode = 'This code is not right, or was used already.'

/** `/sign-in`, `/sign-in/second-factor` and `/sign-out`: the owner signs in, in a browser. */
export function signInRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get('/sign-in', async (request, reply) => {
      const target = returnOf(request.query)
      if (await sessionOf(context, request)) return sendOn(reply, target ?? '/account')
      return showSignIn(context, request, reply, target)
    })
    scope.post('/sign-in', async (request, reply) => signIn(context, request, reply))
    scope.get('/sign-in/second-factor', async (request, reply) => {
      const target = returnOf(request.query)
      if (!(await ownerInSecondStep(context, request, accountOfPage(request))))
        return sendOn(reply, signInPath(target))
      return showSecondFactor(context, request, reply, target)
    })
    scope.post('/sign-in/second-factor', async (request, reply) => secondStep(context, request, reply))
    scope.post('/sign-in/passkey', async (request, reply) => signInByPasskey(context, request, reply))
    scope.get('/sign-out', async (request, reply) => {
      const owner = (await sessionOf(context, request)) && (await ownerOf(context, accountOfPage(request)))
      return sendPage(reply, 200, signOutPage(hiddenFields(context, request, reply), owner?.name))
    })
    scope.post('/sign-out', async (request, reply) => {
      await endSession(context, request, reply)
      return sendOn(reply, '/sign-out')
    })
  })
}

/** Sends the browser to sign in first, and then back to the page it asked for. */
export function signInFirst(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendOn(reply, signInPath(request.method === 'GET' ? request.url : undefined))
}

/** What answers a request of a browser in which the owner is signed in. */
type OwnersAnswer = (request: FastifyRequest, reply: FastifyReply, session: Session) => Promise<FastifyReply>

/** Makes routes that answer the owner; others sign in first. */
export const ownersPage =
  (context: Context) =>
  (answer: OwnersAnswer) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const session = await sessionOf(context, request)
    return session === undefined ? signInFirst(request, reply) : answer(request, reply, session)
  }

/** Where to sign in, and come back from. @param target a path of ours, with its query */
export function signInPath(target: string | undefined): string {
  return target === undefined ? '/sign-in' : `/sign-in?return=${encodeURIComponent(target)}`
}

async function signIn(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const form = formOf(request)
  const account = accountOfPage(request)
  const credentials = { name: form.get('name') ?? '', password: form.get('password') ?? '' }
  const target = localPath(form.get('return') ?? '')
  const again = (status: number, problem: string) =>
    showSignIn(context, request, reply, target, { status, problem, name: credentials.name })
  const owner = await attempted(context, request, reply, async () =>
    limitsOf(context).signIn(`${account.pda} ${credentials.name}`, request.ip, context.now(), async () => {
      const known = await ownerOf(context, account)
      return (await isOwnerLogin([credentials], known)) ? known : undefined
    }),
  )
  if (owner instanceof ApiError) return again(errors[owner.code].status, waitInWords(owner))
  if (owner === undefined) return again(403, wrong)
  if (!(await needsSecondFactor(context, account.pda))) return enter(context, request, reply, owner, target)
  beginSecondStep(context, request, reply, account, owner)
  return sendOn(
    reply,
    `/sign-in/second-factor${target === undefined ? '' : `?return=${encodeURIComponent(target)}`}`,
  )
}

async function secondStep(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const form = formOf(request)
  const account = accountOfPage(request)
  const target = localPath(form.get('return') ?? '')
  const owner = await ownerInSecondStep(context, request, account)
  if (owner === undefined) return sendOn(reply, signInPath(target))
  const right = await attempted(context, request, reply, async () =>
    limitsOf(context).guesses(`${account.pda} second factor`, request.ip, context.now(), async () =>
      (await checkSecondFactor(context, account.pda, form.get('code') ?? '')) ? true : undefined,
    ),
  )
  if (right === true) return enter(context, request, reply, owner, target)
  const [status, problem] =
    right instanceof ApiError ? [errors[right.code].status, waitInWords(right)] : [403, wrongCode]
  return showSecondFactor(context, request, reply, target, { status, problem })
}

/** A passkey signs in by itself, and is the second step as well. */
async function signInByPasskey(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const form = formOf(request)
  const account = accountOfPage(request)
  const target = localPath(form.get('return') ?? '')
  const right = await attempted(context, request, reply, async () =>
    limitsOf(context).guesses(`${account.pda} passkey`, request.ip, context.now(), async () =>
      (await checkPasskey(context, account, form.get('answer') ?? '')) ? true : undefined,
    ),
  )
  const owner = right === true ? await ownerOf(context, account) : undefined
  if (owner) return enter(context, request, reply, owner, target)
  const [status, problem] =
    right instanceof ApiError ? [errors[right.code].status, waitInWords(right)] : [403, wrongPasskey]
  return showSignIn(context, request, reply, target, { status, problem })
}

/** @param refusal `too_many_attempts`, which says how many seconds to wait */
export function waitInWords({ headers }: ApiError): string {
  const minutes = Math.ceil(Number(headers['retry-after']) / 60)
  return `Too many attempts. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, then try again.`
}

/** Runs an attempt; what the limit refuses comes back as a value, so that the form can say it. The ledger counts those that fail. */
async function attempted<T>(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  run: () => Promise<T>,
): Promise<T | ApiError> {
  try {
    const done = await run()
    if (done === undefined) await appendRefused(request, context, 'credentials_wrong')
    return done
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'too_many_attempts') throw error
    await appendRefused(request, context, error.code)
    reply.headers(error.headers)
    return error
  }
}

async function enter(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { subject, passwordHash }: Owner,
  target: string | undefined,
) {
  await startSession(context, request, reply, accountOfPage(request), subject, passwordHash)
  endSecondStep(context, request, reply)
  return sendOn(reply, target ?? '/account')
}

async function showSignIn(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  target: string | undefined,
  { status = 200, problem, name = '' }: { status?: number; problem?: string; name?: string } = {},
) {
  const fields = hiddenFields(context, request, reply, returning(target))
  const passkey = await passkeySignIn(context, request, fields)
  const offer = { passkey: passkey?.form, script: passkey?.script }
  const html = signInPage(accountOfPage(request).domain, fields, name, offer, problem)
  return sendPage(reply, status, html, { script: offer.script })
}

async function showSecondFactor(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  target: string | undefined,
  { status = 200, problem }: { status?: number; problem?: string } = {},
) {
  const { totp } = await secondFactorsOf(context, accountOfPage(request).pda)
  const fields = hiddenFields(context, request, reply, returning(target))
  const passkey = await passkeySignIn(context, request, fields)
  const offer = { codes: totp, passkey: passkey?.form, script: passkey?.script }
  return sendPage(reply, status, secondFactorPage(fields, offer, problem), { script: offer.script })
}

function returning(target: string | undefined): Record<string, string> {
  return target === undefined ? {} : { return: target }
}

function returnOf(query: unknown): string | undefined {
  const asked = (query as { return?: unknown }).return
  return typeof asked === 'string' ? localPath(asked) : undefined
}

function ownerOf({ database }: Context, { pda }: Account): Promise<Owner | undefined> {
  return database.of(pda).read((unit) => findOwner(unit))
}

/**
 * @param hidden where to go afterwards, and the form's key
 * @param problem why it did not work, as a sentence
 */
function signInPage(
  domain: string,
  hidden: Markup,
  name: string,
  { passkey, script }: { passkey?: Markup | undefined; script?: string | undefined },
  problem?: string,
): string {
  return page(
    problem === undefined ? 'Sign in' : 'Error: sign in',
    markup`<h1>Sign in</h1>
${problem && alert(problem)}
<p>To the personal data account <strong>${domain}</strong>.</p>
<form method="post" action="/sign-in">
${hidden}${field({ name: 'name', label: 'Name', value: name, autocomplete: 'username', focus: name === '', attributes: 'maxlength="200"' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: name !== '' })}
<button type="submit">Sign in</button>
</form>
${passkey}
<p class="quiet"><a href="/forgot-password">Forgotten your password?</a></p>`,
    { script },
  )
}

/**
 * The second step, by a code.
 * @param codes whether there is an authenticator program, beside recovery codes
 * @param passkey what offers a passkey instead, made where passkeys are
 */
function secondFactorPage(
  hidden: Markup,
  { codes, passkey, script }: { codes: boolean; passkey?: Markup | undefined; script?: string | undefined },
  problem?: string,
): string {
  return page(
    problem === undefined ? 'Second step' : 'Error: second step',
    markup`<h1>Second step</h1>
${problem && alert(problem)}
${passkey}
<form method="post" action="/sign-in/second-factor">
${hidden}${field({
      name: 'code',
      label: codes ? 'Code' : 'Recovery code',
      autocomplete: 'one-time-code',
      focus: passkey === undefined,
      attributes: 'maxlength="64"',
      hint: codes
        ? 'The six digits your authenticator program shows, or one of your recovery codes.'
        : 'One of those you kept for a day without your passkey.',
    })}
<button type="submit">Go on</button>
</form>
<p class="quiet"><a href="/sign-in">Start again</a></p>`,
    { script },
  )
}

/** @param hidden the form's key @param name the owner's; undefined when nobody is signed in */
function signOutPage(hidden: Markup, name: string | undefined): string {
  return page(
    'Sign out',
    name === undefined
      ? markup`<h1>You are signed out</h1>
<p class="actions"><a class="button" href="/sign-in">Sign in</a></p>`
      : markup`<h1>Sign out?</h1>
<p>You are signed in as <strong>${name}</strong> in this browser.</p>
<form method="post" action="/sign-out">
${hidden}<p class="actions"><button type="submit">Sign out</button>
<a class="button second" href="/account">Stay</a></p>
</form>`,
  )
}

/**
 * A path on this server, with its query, out of what somebody else wrote into an address; undefined for everything a browser
 * would follow to another place: other origins in all their spellings, other schemes, control characters.
 */
export function localPath(text: string): string | undefined {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\') || text.length > 4000) return undefined
  const here = 'http://here.invalid'
  if (!URL.canParse(text, here)) return undefined
  const { origin, pathname, search } = new URL(text, here)
  // `/.//elsewhere.example` becomes a path that would name a host.
  return origin === here && !pathname.startsWith('//') ? pathname + search : undefined
}
