import type { FastifyReply, FastifyRequest } from 'fastify'
import { changeOwnPassword, limitedReset, resetPassword } from '../../actions/owners.ts'
import { sendsMail } from '../../auth/mail.ts'
import { limitsOf } from '../../auth/passwords/login-limit.ts'
import { requireResetLink, mailPasswordChanged, mailResetLink } from '../../auth/passwords/recovery.ts'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { emailProblem } from '../../domain/access/credentials.ts'
import { ApiError, errors } from '../../errors.ts'
import type { AfterAnswer } from '../../http/answers.ts'
import { markup, plainPage, sendPage, alert, field, type Markup, page, whose } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { findOwner } from '../../store/access/owners.ts'
import { accountOfPage, formOf, hiddenFields, pages } from '../forms.ts'
import { ownersPage, waitInWords } from '../sign-in.ts'

const differ = 'The two passwords are not the same.'

/** `/account/password`, `/forgot-password` and `/auth/change-password/:token`: the owner changes the password, or gets a new one by a mail. */
export function passwordPages(app: App, context: Context, later: AfterAnswer): void {
  pages(app, context, (scope) => {
    const forOwner = ownersPage(context)
    scope.get(
      '/account/password',
      forOwner((request, reply) => showChange(context, request, reply, 200, {})),
    )
    scope.post(
      '/account/password',
      forOwner((request, reply, session) => change(context, later, request, reply, session)),
    )
    scope.get('/forgot-password', async (request, reply) =>
      sendPage(
        reply,
        200,
        forgottenPage(hiddenFields(context, request, reply), sendsMail(context.config), ''),
      ),
    )
    scope.post('/forgot-password', async (request, reply) => mailLink(context, later, request, reply))
    const path = '/auth/change-password/:token'
    type Link = { Params: { token: string } }
    scope.get<Link>(path, async (request, reply) => {
      const { token } = request.params
      return withLink(context, request, reply, token, async (name) =>
        sendPage(reply, 200, resetPage(hiddenFields(context, request, reply), token, name, {})),
      )
    })
    scope.post<Link>(path, async (request, reply) => {
      const { token } = request.params
      return withLink(context, request, reply, token, (name) =>
        reset(context, later, request, reply, { token, name }),
      )
    })
  })
}

async function change(
  context: Context,
  later: AfterAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
) {
  const form = formOf(request)
  const newPassword = form.get('new') ?? ''
  const again = (status: number, problems: PasswordProblems) =>
    showChange(context, request, reply, status, problems)
  if (newPassword !== form.get('repeated')) return again(400, { repeated: differ })
  const { account, tokenId: staying } = session
  const wanted = { password: form.get('password') ?? '', newPassword, address: request.ip, staying }
  const refusal = await refusalOf(async () => {
    const entry = entryOfPage(request, context, session, 'password')
    const owner = await changeOwnPassword(context, account, { ...wanted, entry })
    later(reply, () => mailPasswordChanged(context, account, owner, request.log))
  })
  if (refusal) return again(errors[refusal.code].status, problemsIn(reply, refusal))
  return sendPage(reply, 200, changedPage(true))
}

async function mailLink(context: Context, later: AfterAnswer, request: FastifyRequest, reply: FastifyReply) {
  const account = accountOfPage(request)
  const email = (formOf(request).get('email') ?? '').trim()
  const problem = emailProblem(email)
  if (problem) {
    const fields = hiddenFields(context, request, reply)
    return sendPage(reply, 400, forgottenPage(fields, sendsMail(context.config), email, problem))
  }
  await limitsOf(context).passwordReset(String(account.pda), request.ip, context.now(), async () => undefined)
  later(reply, () => mailResetLink(context, account, email, request.log))
  const words =
    'If this is the e-mail address of the owner, a mail with a link to a new password is on its way. The link works for 24 hours.'
  return sendPage(reply, 200, plainPage('Look into your mail', words))
}

/** Acts for who has a link that is open, and gives the owner's name; who has none is told so. */
async function withLink(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  act: (name: string) => Promise<unknown>,
) {
  const account = accountOfPage(request)
  try {
    await limitedReset(context, account, request.ip, async () => {
      await requireResetLink(context, account.pda, token)
      return true
    })
    return await act(await nameOfOwner(context, request))
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'reset_link_invalid')) throw error
    const words = markup`A link to a new password works once, for 24 hours, and only until a newer one was asked for. You can <a href="/forgot-password">ask for another</a>.`
    return sendPage(reply, errors[error.code].status, plainPage('This link does not work', words))
  }
}

async function reset(
  context: Context,
  later: AfterAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  { token, name }: { token: string; name: string },
) {
  const account = accountOfPage(request)
  const form = formOf(request)
  const newPassword = form.get('new') ?? ''
  const again = (problems: PasswordProblems) =>
    sendPage(reply, 400, resetPage(hiddenFields(context, request, reply), token, name, problems))
  if (newPassword !== form.get('repeated')) return again({ repeated: differ })
  const refusal = await refusalOf(async () => {
    const owner = await resetPassword(context, account, { link: token, newPassword, address: request.ip })
    later(reply, () => mailPasswordChanged(context, account, owner, request.log))
  })
  if (refusal?.code === 'password_weak') return again({ new: refusal.message })
  if (refusal) throw refusal
  return sendPage(reply, 200, changedPage(false))
}

async function showChange(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  problems: PasswordProblems,
) {
  const name = await nameOfOwner(context, request)
  return sendPage(reply, status, changePage(hiddenFields(context, request, reply), name, problems))
}

async function nameOfOwner({ database }: Context, request: FastifyRequest): Promise<string> {
  const { pda } = accountOfPage(request)
  return (await database.of(pda).read((unit) => findOwner(unit)))?.name ?? ''
}

/** What a form must say itself; anything else goes on. */
async function refusalOf(run: () => Promise<unknown>): Promise<ApiError | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function problemsIn(reply: FastifyReply, refusal: ApiError): PasswordProblems {
  reply.headers(refusal.headers)
  if (refusal.code === 'password_weak') return { new: refusal.message }
  if (refusal.code === 'password_wrong') return { password: 'This is not your present password.' }
  if (refusal.code === 'too_many_attempts') return { password: waitInWords(refusal) }
  throw refusal
}

/** What is wrong with each field, as a sentence. */
interface PasswordProblems {
  password?: string
  new?: string
  repeated?: string
}

const back = markup`<p><a href="/account">Back to your account</a></p>`

/** Passwords are never sent back. @param hidden the form's key @param name the owner's */
function changePage(hidden: Markup, name: string, problems: PasswordProblems): string {
  return page(
    titled('Change your password', problems),
    markup`<h1>Change your password</h1>
${isWrong(problems) && alert('Your password was not changed. Please correct what is marked below.')}
<p>Every other browser, and every program that signed in as you, is signed out. What applications were given stays theirs.</p>
<form method="post" action="/account/password">
${hidden}${whose(name)}${field({ name: 'password', label: 'Present password', type: 'password', autocomplete: 'current-password', problem: problems.password })}
${chosen(problems)}
<button type="submit">Change the password</button>
</form>
${back}`,
  )
}

/** @param token what the link carries @param name the owner's */
function resetPage(hidden: Markup, token: string, name: string, problems: PasswordProblems): string {
  return page(
    titled('Choose a new password', problems),
    markup`<h1>Choose a new password</h1>
${isWrong(problems) && alert('Your password was not changed. Please correct what is marked below.')}
<p>Every browser and program that signed in as you is signed out. What applications were given stays theirs.</p>
<form method="post" action="/auth/change-password/${token}">
${hidden}${whose(name)}${chosen(problems)}
<button type="submit">Use this password</button>
</form>`,
  )
}

/** @param signedIn whether this browser still is */
function changedPage(signedIn: boolean): string {
  return page(
    'Your password was changed',
    markup`<h1>Your password was changed</h1>
<p>Use the new one from now on.</p>
<p class="actions">${
      signedIn
        ? markup`<a class="button" href="/account">Back to your account</a>`
        : markup`<a class="button" href="/sign-in">Sign in</a>`
    }</p>`,
  )
}

/** @param sends whether this server can send mail */
function forgottenPage(hidden: Markup, sends: boolean, email: string, problem?: string): string {
  const title = 'Forgotten your password?'
  const byHand = markup`Whoever runs this server can make a link to a new password there: <code>npx hatstand owner reset-link</code>`
  if (!sends)
    return page(
      title,
      markup`<h1>${title}</h1>
<p>This server sends no mail. ${byHand}</p>
<p><a href="/sign-in">Back to signing in</a></p>`,
    )
  return page(
    problem === undefined ? title : `Error: ${title}`,
    markup`<h1>${title}</h1>
<p>A link to a new password comes to the e-mail address the account knows.</p>
<form method="post" action="/forgot-password">
${hidden}${field({ name: 'email', label: 'E-mail address', type: 'email', value: email, autocomplete: 'email', problem })}
<button type="submit">Send the link</button>
</form>
<p class="quiet">No mail comes? ${byHand}</p>
<p class="quiet"><a href="/sign-in">Back to signing in</a></p>`,
  )
}

function chosen(problems: PasswordProblems): Markup {
  return markup`${field({
    name: 'new',
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    attributes: 'minlength="10"',
    hint: 'At least 10 characters, and not easily guessed.',
    problem: problems.new,
  })}
${field({ name: 'repeated', label: 'New password again', type: 'password', autocomplete: 'new-password', problem: problems.repeated })}`
}

function isWrong(problems: PasswordProblems): boolean {
  return Object.values(problems).some((problem) => problem !== undefined)
}

function titled(title: string, problems: PasswordProblems): string {
  return isWrong(problems) ? `Error: ${title.toLowerCase()}` : title
}
