import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { passwordProblem } from '../auth/password-strength.ts'
import { hashPassword } from '../auth/passwords.ts'
import type { App, Context } from '../context.ts'
import { ownerNameProblem } from '../domain/credentials.ts'
import { ApiError } from '../errors.ts'
import { addOwner } from '../store/owners.ts'
import { contentSecurity, donePage, formPage, type Problems, refusedPage } from './setup-pages.ts'

const path = '/setup'
const open = { public: true, cors: false } as const

/** `GET /setup?code=` and its form: the owner chooses a name and a password, once, with the code the server printed. */
export function setupRoutes(app: App, context: Context): void {
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 16_384 },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    )
    scope.get<{ Querystring: { code?: string | string[] } }>(
      path,
      { config: open },
      async (request, reply) => {
        const code = [request.query.code ?? ''].join()
        if (!context.setupCode?.accepts(code)) return refuse(request, reply)
        return page(reply, 200, formPage({ code, name: '' }, {}))
      },
    )
    scope.post(path, { config: open }, async (request, reply) => setUp(context, request, reply))
  })
}

async function setUp(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
  const [code, name, password] = ['code', 'name', 'password'].map((field) => form.get(field) ?? '') as [
    string,
    string,
    string,
  ]
  const { setupCode } = context
  if (!setupCode?.accepts(code)) return refuse(request, reply)
  const problems = await problemsOf(name, password, form.get('repeated') ?? '')
  if (problems.name ?? problems.password ?? problems.repeated)
    return page(reply, 400, formPage({ code, name }, problems))
  const owner = { name, passwordHash: await hashPassword(password), subject: randomUUID() }
  const added = await context.database.write(setupCode.pda, (unit) =>
    addOwner(unit, setupCode.pda, owner, context.now()),
  )
  setupCode.spend()
  if (!added) return refuse(request, reply)
  return page(reply, 201, donePage(name, `${request.protocol}://${request.host}`))
}

async function problemsOf(name: string, password: string, repeated: string): Promise<Problems> {
  return {
    name: ownerNameProblem(name),
    password: await passwordProblem(password, [name]),
    repeated: password === repeated ? undefined : 'The two passwords are not the same.',
  }
}

/** A page for people, the one error shape for programs. */
function refuse(request: FastifyRequest, reply: FastifyReply) {
  if (request.headers.accept?.includes('text/html')) return page(reply, 403, refusedPage())
  throw new ApiError('setup_refused', 'This set-up link is not valid, or was used already')
}

function page(reply: FastifyReply, status: number, html: string) {
  return reply
    .code(status)
    .headers({
      'content-security-policy': contentSecurity,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .type('text/html; charset=utf-8')
    .send(html)
}
