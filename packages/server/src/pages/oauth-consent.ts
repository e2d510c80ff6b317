import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client, Provider } from 'oidc-provider'
import { type Grant, setUp } from '../actions/applications.ts'
import { consentPath } from '../auth/oauth/provider.ts'
import { type Session, sessionOf } from '../auth/sessions.ts'
import type { App, Context } from '../context.ts'
import {
  newRoles,
  parseDefinition,
  definitionProblem,
  isClientAddress,
  minimalDefinition,
} from '../domain/access/definition.ts'
import { type Role, roleOfScope } from '../domain/access/roles.ts'
import { formTarget, plainPage, sendPage } from '../http/page.ts'
import { declined, entryOfPage } from '../ledger/entries.ts'
import { type Application, findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { asksOf, type Asking, consentPage } from './consent.ts'
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
type ProviderOf = (request: FastifyRequest) => Promise<Provider>

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
    application: await context.database.of(pda).read((unit) => findApplication(unit, clientId)),
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
  const owner = await context.database.of(pda).read((unit) => findOwner(unit))
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
  const entry = () => entryOfPage(request, context, session, 'consent', detail)
  const now = context.now()
  const terms = besideWhatItHas(client, roles, shown, now)
  if (!(await setUp(context.database.of(account.pda), client.clientId, terms, { entry, now })))
    return undefined
  const grant = new provider.Grant({ accountId: subject, clientId: client.clientId })
  grant.addResourceScope(resource, scopes)
  const grantId = await grant.save()
  return { login: { accountId: subject, remember: false }, consent: { grantId } }
}

/** The version of every definition made from a document: documents have none. */
const documentVersion = '1.0.0'

/**
 * The roles the owner was shown, beside what the application has. One that introduced itself is registered by that, unless the owner
 * registered it himself: then his definition stays.
 * @param shown the version of the definition the owner saw; empty for an application that introduces itself
 */
function besideWhatItHas(client: Client, roles: readonly Role[], shown: string, now: number) {
  return (known: Application | undefined): Grant => {
    const all = [...(known?.roles ?? []), ...newRoles(roles, known?.roles ?? [])]
    if (!isClientAddress(client.clientId)) return { version: shown, roles: all, keepsData: true }
    const before = known && parseDefinition(known.definition)
    if (before && before.developer.id !== documentDeveloper)
      return { version: known.version, roles: all, keepsData: true }
    const definition = JSON.stringify(definitionOf(client, all, new Date(now).toISOString()))
    return { version: documentVersion, roles: all, definition }
  }
}

/** Marks definitions made from documents. */
const documentDeveloper = 'client-id-metadata-document'

/** What an application that introduces itself is called: as it says, unless that could deceive, or else by its host. */
function nameOf(client: Client): string {
  const { hostname } = new URL(client.clientId)
  const said = (client.clientName ?? '').slice(0, 100)
  const example = minimalDefinition(client.clientId, documentVersion, [], new Date(0).toISOString())
  example.info.name = said
  return definitionProblem(example) === undefined ? said : hostname
}

/** What is known of an application from its document, as a definition. Without redirect addresses: HAT login is not for it. */
function definitionOf(client: Client, roles: readonly Role[], since: string): Definition {
  const base = minimalDefinition(client.clientId, documentVersion, roles, since)
  const { hostname } = new URL(client.clientId)
  return {
    ...base,
    kind: { kind: 'App', url: client.clientUri ?? '' },
    info: {
      ...base.info,
      name: nameOf(client),
      headline: `Introduced itself from ${hostname}`,
      description: { text: `Known by its document at ${client.clientId}` },
      termsUrl: client.tosUri ?? '',
      ...(client.policyUri !== undefined && { privacyPolicyUrl: client.policyUri }),
    },
    developer: { id: documentDeveloper, name: hostname, url: '' },
  }
}
