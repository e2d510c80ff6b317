import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { passwordProblem } from '../auth/passwords/strength.ts'
import type { App, Context } from '../context.ts'
import { emailProblem, ownerNameProblem } from '../domain/access/credentials.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { sendPage, alert, field, markup, type Markup, page, plainPage } from '../http/page.ts'
import { entryOf } from '../ledger/entries.ts'
import { addOwner } from '../store/access/owners.ts'
import { writeWithEntry } from '../store/ledger/entries.ts'
import { formOf, hiddenFields, isPerson, pages } from './forms.ts'

const path = '/setup'

/** `GET /setup?code=` and its form: the owner chooses a name and a password, once, with the code the server printed. */
export function setupRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get<{ Querystring: { code?: string | string[] } }>(path, async (request, reply) => {
      const code = [request.query.code ?? ''].join()
      if (!context.setupCode?.accepts(code)) return refuse(request, reply)
      return sendPage(
        reply,
        200,
        formPage(hiddenFields(context, request, reply, { code }), { name: '', email: '' }, {}),
      )
    })
    scope.post(path, async (request, reply) => setUp(context, request, reply))
  })
}

async function setUp(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const form = formOf(request)
  const given = (name: string) => form.get(name) ?? ''
  const [code, name, password, email] = [
    given('code'),
    given('name'),
    given('password'),
    given('email').trim(),
  ]
  const { setupCode } = context
  if (!setupCode?.accepts(code)) return refuse(request, reply)
  const problems = await problemsOf(name, email, password, given('repeated'))
  if (Object.values(problems).some((problem) => problem !== undefined))
    return sendPage(
      reply,
      400,
      formPage(hiddenFields(context, request, reply, { code }), { name, email }, problems),
    )
  const owner = {
    name,
    passwordHash: await hashPassword(password),
    subject: randomUUID(),
    ...(email !== '' && { email }),
  }
  const { pda } = setupCode
  const entry = entryOf(request, context, 'owner', { holder: ownerHolder, detail: { owner: name } })
  const added = await writeWithEntry(context.database.of(pda), entry, (unit) =>
    addOwner(unit, owner, context.now()),
  )
  setupCode.spend()
  if (!added) return refuse(request, reply)
  return sendPage(reply, 201, donePage(name, `${request.protocol}://${request.host}`))
}

async function problemsOf(
  name: string,
  email: string,
  password: string,
  repeated: string,
): Promise<Problems> {
  return {
    name: ownerNameProblem(name),
    email: email === '' ? undefined : emailProblem(email),
    password: await passwordProblem(password, [name, email]),
    repeated: password === repeated ? undefined : 'The two passwords are not the same.',
  }
}

/** A page for people, the one error shape for programs. */
function refuse(request: FastifyRequest, reply: FastifyReply) {
  if (isPerson(request)) return sendPage(reply, 403, refusedPage())
  throw new ApiError('setup_refused', 'This set-up link is not valid, or was used already')
}

/** What is wrong with each field, as a sentence. */
type Problems = {
  name?: string | undefined
  email?: string | undefined
  password?: string | undefined
  repeated?: string | undefined
}

/**
 * The form, with what was entered before and what was wrong with it. Passwords are never sent back.
 * @param hidden the code and the form's key
 */
function formPage(hidden: Markup, entered: { name: string; email: string }, problems: Problems): string {
  const failed = Object.values(problems).some((problem) => problem !== undefined)
  return page(
    failed ? 'Error: set up your personal data account' : 'Set up your personal data account',
    markup`<h1>Set up your personal data account</h1>
      ${failed && alert('Nothing is set up yet. Please correct what is marked below.')}
      <p>Choose the name and the password you will sign in with.</p>
      <form method="post" action="/setup">
        ${hidden}
        ${fields(entered, problems)}
        <button type="submit">Set up</button>
      </form>`,
  )
}

function fields(entered: { name: string; email: string }, problems: Problems): Markup {
  return markup`${field({
    name: 'name',
    label: 'Name',
    value: entered.name,
    autocomplete: 'username',
    attributes: 'maxlength="64"',
    hint: 'Letters, digits and . _ @ - only.',
    problem: problems.name,
  })}
${field({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'new-password',
  attributes: 'minlength="10"',
  hint: 'At least 10 characters, and not easily guessed.',
  problem: problems.password,
})}
${field({
  name: 'repeated',
  label: 'Password again',
  type: 'password',
  autocomplete: 'new-password',
  problem: problems.repeated,
})}
${field({
  name: 'email',
  label: 'E-mail address (optional)',
  type: 'email',
  value: entered.email,
  autocomplete: 'email',
  optional: true,
  hint: 'Where a link to a new password goes, should you forget it.',
  problem: problems.email,
})}`
}

/** @param origin how the browser reached this server, `http://localhost:8080` */
function donePage(name: string, origin: string): string {
  return page(
    'Your personal data account is ready',
    markup`<h1>Your personal data account is ready</h1>
      <p>You are its owner, <strong>${name}</strong>. This link does not work again.</p>
      <p class="actions"><a class="button" href="/sign-in">Sign in</a></p>
      <h2>Get an access token</h2>
      <p>
        Programs act for you with an access token, which they send in the header <code>X-Auth-Token</code>.
        Ask for one with your name and password:
      </p>
      <pre tabindex="0"><code>curl -H 'username: ${name}' -H 'password: YOUR PASSWORD' \\
  ${origin}/users/access_token</code></pre>
      <p>What can be done with it stands on the page <a href="/docs">about the API</a>.</p>`,
  )
}

function refusedPage(): string {
  return plainPage(
    'This link does not work',
    'A set-up link works once, and only until the server stops. If the account has no owner yet, start the server again: it prints a new link.',
    markup`A forgotten password is replaced on the server, by <code>npx hatstand owner set NAME</code>.`,
  )
}
