import type { FastifyReply, FastifyRequest } from 'fastify'
import { changeEmail } from '../../actions/owners.ts'
import { sendsMail } from '../../auth/mail.ts'
import { requirePassword } from '../../auth/passwords/login.ts'
import { mailEmailChanged } from '../../auth/passwords/recovery.ts'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { emailProblem } from '../../domain/access/credentials.ts'
import { ApiError, errors } from '../../errors.ts'
import type { AfterAnswer } from '../../http/answers.ts'
import { alert, field, markup, type Markup, page, plainPage, sendPage, whose } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { findOwner } from '../../store/access/owners.ts'
import { formOf, hiddenFields, pages } from '../forms.ts'
import { ownersPage, waitInWords } from '../sign-in.ts'

const path = '/account/email'

/** What a form that was refused had in it, and what is wrong with it. */
interface Refused {
  email: string
  problems: { email?: string; password?: string }
}

/** `/account/email`: where the link to a new password goes. The password is asked again: the address opens the way to another one. */
export function emailPages(app: App, context: Context, later: AfterAnswer): void {
  pages(app, context, (scope) => {
    const forOwner = ownersPage(context)
    scope.get(
      path,
      forOwner((request, reply, session) => show(context, request, reply, session)),
    )
    scope.post(
      path,
      forOwner((request, reply, session) => change(context, later, request, reply, session)),
    )
  })
}

async function change(
  context: Context,
  later: AfterAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
) {
  const { pda } = session.account
  const form = formOf(request)
  const email = (form.get('email') ?? '').trim()
  const problem = email === '' ? undefined : emailProblem(email)
  if (problem !== undefined)
    return show(context, request, reply.code(400), session, { email, problems: { email: problem } })
  const entry = entryOfPage(request, context, session, 'owner', { change: 'e-mail address' })
  try {
    const before = await requirePassword(context, pda, form.get('password') ?? '', request.ip)
    await changeEmail(context.database.of(pda), email || undefined, entry)
    if (before.email !== email)
      later(reply, () => mailEmailChanged(context, session.account, before, request.log))
  } catch (error) {
    const password = error instanceof ApiError ? passwordProblemIn(error) : undefined
    if (!(error instanceof ApiError) || password === undefined) throw error
    reply.headers(error.headers).code(errors[error.code].status)
    return show(context, request, reply, session, { email, problems: { password } })
  }
  const done =
    email === '' ? 'The account knows no e-mail address of yours now.' : `It is ${email} from now on.`
  const back = markup`<a href="/account">Back to your account</a>`
  return sendPage(reply, 200, plainPage('Your e-mail address was changed', done, back))
}

function passwordProblemIn(refusal: ApiError): string | undefined {
  if (refusal.code === 'password_wrong') return 'This is not your password.'
  return refusal.code === 'too_many_attempts' ? waitInWords(refusal) : undefined
}

/** Shows the form, with the status the reply has already. */
async function show(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
  refused?: Refused,
) {
  const owner = await context.database.of(session.account.pda).read((unit) => findOwner(unit))
  const fields = markup`${hiddenFields(context, request, reply)}${whose(owner?.name ?? '')}`
  const text = emailPage(
    fields,
    sendsMail(context.config),
    refused ?? { email: owner?.email ?? '', problems: {} },
  )
  return sendPage(reply, reply.statusCode, text)
}

function emailPage(fields: Markup, sends: boolean, { email, problems }: Refused): string {
  const isWrong = problems.email !== undefined || problems.password !== undefined
  const title = 'Your e-mail address'
  return page(
    isWrong ? `Error: ${title.toLowerCase()}` : title,
    markup`<h1>${title}</h1>
${isWrong && alert('Your e-mail address was not changed. Please correct what is marked below.')}
<p>If you forget your password, a link to a new one goes to this address.${!sends && ' At present this server sends no mail.'}</p>
<form method="post" action="${path}">
${fields}${field({ name: 'email', label: 'E-mail address', type: 'email', value: email, autocomplete: 'email', optional: true, hint: 'Leave it empty for none.', problem: problems.email })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', problem: problems.password })}
<button type="submit">Change the address</button>
</form>
<p><a href="/account">Back to your account</a></p>`,
  )
}
