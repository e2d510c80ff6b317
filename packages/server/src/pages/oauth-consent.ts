import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client, Provider } from 'oidc-provider'
import { grantRoles, nameOf } from '../auth/oauth-consent.ts'
import { consentPath } from '../auth/oauth/provider.ts'
import { type Session, sessionOf } from '../auth/sessions.ts'
import type { App, Context } from '../context.ts'
import { newRoles, parseDefinition } from '../domain/access/definition.ts'
import { type Role, roleOfScope } from '../domain/access/roles.ts'
import { formTarget, plainPage, sendPage } from '../http/page.ts'
import { declined, entryOfPage } from '../ledger/entries.ts'
import { asksOf } from '../routes/consent-asks.ts'
import { type Application, findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { type Asking, consentPage } from './consent.ts'
import { formOf, hiddenFields, sendOn } from './forms.ts'
import { signInFirst } from './sign-in.ts'

/** A request for access that waits for the owner's answer. */
interface Question {
  provider: Provider
  session: Session
  client: Client
  /** What is asked for now. */
  scopes: string[]
  roles: Role[]
  resource: string
  redirect: string
  /** What is registered under the client's id; undefined for one that introduces itself for the first time. */
  application: Application | undefined
}

/** The OAuth server of the account a page belongs to. */
export type ProviderOf = (request: FastifyRequest) => Promise<Provider>

/**
 * The page on which the owner accepts or declines what an OAuth client asks for.
 * @param scope of pages (`pages/forms.ts`)
 */
export function oauthConsentRoutes(scope: App, context: Context, providerOf: ProviderOf): void {
  const path = `${consentPath}/:uid`
  scope.get(path, async (request, reply) => {
    const question = await questionIn(context, request, reply, providerOf)
    return question && ask(context, request, reply, question)
  })
  scope.post(path, async (request, reply) => {
    const question = await questionIn(context, request, reply, providerOf)
    return question && decide(context, request, reply, question)
  })
}

/** The question this browser was sent here with; undefined after another answer was sent. */
async function questionIn(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  providerOf: ProviderOf,
): Promise<Question | undefined> {
  const session = await sessionOf(context, request)
  if (session === undefined) {
    signInFirst(request, reply)
    return undefined
  }
  const provider = await providerOf(request)
  const found = await provider.interactionDetails(request.raw, reply.raw).catch(() => undefined)
  const params = (found?.params ?? {}) as Record<string, string>
  const clientId = params['client_id'] ?? ''
  const client = await provider.Client.find(clientId).catch(() => undefined)
  const { uid } = request.params as { uid: string }
  if (found === undefined || found.uid !== uid || found.result !== undefined || client === undefined) {
    tooLate(reply)
    return undefined
  }
  const scopes = (params['scope'] ?? '').split(' ').filter((scope) => roleOfScope(scope) !== undefined)
  const { pda } = session.account
  return {
    provider,
    session,
    client,
    scopes,
    roles: scopes.flatMap((scope) => roleOfScope(scope) ?? []),
    resource: params['resource'] ?? '',
    redirect: params['redirect_uri'] ?? '',
    application: await context.database.read((unit) => findApplication(unit, pda, clientId)),
  }
}

function tooLate(reply: FastifyReply): FastifyReply {
  const words =
    'The application has to ask again: this question was answered already, or waited for too long.'
  return sendPage(reply, 400, plainPage('Nothing to decide here', words))
}

async function ask(context: Context, request: FastifyRequest, reply: FastifyReply, question: Question) {
  const { session, client, roles, redirect, application } = question
  const { pda, domain } = session.account
  const owner = await context.database.read((unit) => findOwner(unit, pda))
  const given = application?.enabled ? application.roles : []
  const page = consentPage({
    application: askingOf(client, application),
    asks: await asksOf(context, pda, newRoles(roles, given)),
    kept: application?.enabled ? await asksOf(context, pda, given) : undefined,
    returnsTo: redirect,
    action: request.url.split('?', 1)[0] as string,
    hidden: hiddenFields(context, request, reply, { version: application?.version ?? '' }),
    owner: owner?.name ?? '',
    domain,
  })
  return sendPage(reply, 200, page, { formAction: [formTarget(redirect)] })
}

function askingOf(client: Client, application: Application | undefined): Asking {
  const url = URL.parse(client.clientId)
  if (url)
    return {
      name: nameOf(client),
      host: url.hostname,
      links: [
        { text: 'About it', url: client.clientUri },
        { text: 'Terms', url: client.tosUri },
        { text: 'Privacy policy', url: client.policyUri },
      ],
    }
  const { info, developer, kind } = parseDefinition(application?.definition ?? '{}')
  return {
    name: info.name,
    headline: info.headline,
    developer: developer.name || undefined,
    host: URL.parse(kind.url)?.hostname,
    links: [
      { text: 'About it', url: kind.url },
      { text: 'Terms', url: info.termsUrl },
      { text: 'Privacy policy', url: info.privacyPolicyUrl },
    ],
  }
}

async function decide(context: Context, request: FastifyRequest, reply: FastifyReply, question: Question) {
  const form = formOf(request)
  const accepted = form.get('decision') === 'accept'
  const result = accepted
    ? await accept(context, request, question, form.get('version') ?? '')
    : { error: 'access_denied', error_description: 'The owner declined' }
  if (result === undefined) return tooLate(reply)
  const { provider, session, client } = question
  if (!accepted) await declined(request, context, session, client.clientId)
  const onwards = { mergeWithLastSubmission: false }
  return sendOn(reply, await provider.interactionResult(request.raw, reply.raw, result, onwards))
}

/** Undefined when the application is not any more what the owner was shown. */
async function accept(context: Context, request: FastifyRequest, question: Question, shown: string) {
  const { provider, session, client, roles, scopes, resource } = question
  const { account, subject } = session
  const detail = { application: client.clientId, scope: scopes.join(' ') }
  const entry = entryOfPage(request, context, session, 'consent', detail)
  if (!(await grantRoles(context, account.pda, entry, client, roles, shown))) return undefined
  const grant = new provider.Grant({ accountId: subject, clientId: client.clientId })
  grant.addResourceScope(resource, scopes)
  const grantId = await grant.save()
  return { login: { accountId: subject, remember: false }, consent: { grantId } }
}
