import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { passwordProblem } from '../auth/passwords/strength.ts'
import type { App, Context } from '../context.ts'
import { emailProblem, ownerNameProblem } from '../domain/access/credentials.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { sendPage } from '../http/page.ts'
import { entryOf } from '../ledger/entries.ts'
import { donePage, formPage, type Problems, refusedPage } from '../routes/setup-pages.ts'
import { addOwner } from '../store/access/owners.ts'
import { writeNoted } from '../store/ledger/entries.ts'
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
  const added = await writeNoted(context.database, pda, entry, (unit) =>
    addOwner(unit, pda, owner, context.now()),
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
