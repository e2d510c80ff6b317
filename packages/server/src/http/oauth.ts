import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { holdProviders, isAccount, type ProviderDeps } from '../auth/oauth/provider.ts'
import { originOf } from '../config.ts'
import type { App, Context } from '../context.ts'
import { findApplication } from '../store/access/applications.ts'
import { currentSigningKey } from '../store/access/signing-keys.ts'
import { markup, pageHeaders, plainPage } from './page.ts'

/** The OAuth servers of all accounts, by oidc-provider; browsers ask them through pages, programs through routes. */
export interface OAuthServers {
  /** The server of the account that is asked. */
  of: (request: FastifyRequest) => Promise<Provider>
  /** Says that the owner is signed in where this request comes from: for them documents of unknown clients are fetched. */
  asksForOwner: (request: FastifyRequest) => void
}

const sweepMilliseconds = 60_000

/** Opens the OAuth servers, until the app closes; each is made by the first request to it. */
export function oauthServers(app: App, context: Context): OAuthServers {
  const providers = holdProviders(context.now)
  const sweeping = setInterval(() => providers.sweep(), sweepMilliseconds).unref()
  app.addHook('onClose', async () => clearInterval(sweeping))
  const owners = new WeakSet<object>()
  return {
    of: async (request) => providers.of(await depsOf(app, context, request, owners)),
    asksForOwner: ({ raw }) => void owners.add(raw),
  }
}

async function depsOf(
  app: App,
  context: Context,
  request: FastifyRequest,
  owners: WeakSet<object>,
): Promise<ProviderDeps> {
  const { account } = request
  const { config, database } = context
  return {
    context,
    account,
    origin: originOf(account.domain, config),
    key: await database.of(account.pda).read((unit) => currentSigningKey(unit)),
    showProblem,
    async mayFetch(ctx, clientId) {
      // Outside of a request of the library it is the consent page that asks.
      if (ctx === undefined || owners.has(ctx.req)) return true
      return (
        (await database.of(account.pda).read((unit) => findApplication(unit, clientId)))?.enabled ?? false
      )
    },
    log: (level, error, words) => app.log[level]({ reqId: request.id, err: described(error) }, words),
  }
}

function showProblem(ctx: KoaContextWithOIDC, words: string, back: string | undefined): void {
  ctx.set(pageHeaders())
  ctx.type = 'text/html; charset=utf-8'
  ctx.body = plainPage(
    'This application asks in a way that cannot be answered',
    'It was given nothing. Whoever makes it can correct that:',
    `${words}.`,
    ...(back === undefined ? [] : [markup`<a href="${back}">Back to the application</a>`]),
  )
}

/** An error's kind and place; what an engine adds to it may hold data. */
function described(error: unknown) {
  const { name, message, stack } = error as Error
  return { type: name, message, stack }
}

/** Lets oidc-provider answer. It gets the body, the headers that are decided already, and the scheme the browser uses. */
export async function handOver(provider: Provider, raw: IncomingMessage, reply: FastifyReply): Promise<void> {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  const { headers } = raw
  delete headers['x-forwarded-host']
  headers['x-forwarded-proto'] = new URL(provider.issuer).protocol.slice(0, -1)
  await provider.callback()(raw, reply.raw)
}

/** The library compares to the letter what was asked for first and what is asked for with a code. */
export function spellResource(parameters: URLSearchParams, origin: string): void {
  const named = parameters.getAll('resource')
  if (named.length > 0 && named.every((resource) => isAccount(resource, origin)))
    parameters.set('resource', origin)
}
