import type { IncomingMessage } from 'node:http'
import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client, Provider } from 'oidc-provider'
import { type Grant, setUp } from '../actions/applications.ts'
import { hostOf } from '../auth/authenticate.ts'
import { consentPath, oauthPaths } from '../auth/oauth/provider.ts'
import { type Session, sessionOf } from '../auth/sessions.ts'
import { originOf } from '../config.ts'
import type { App, Context } from '../context.ts'
import {
  newRoles,
  parseDefinition,
  definitionProblem,
  isClientAddress,
  minimalDefinition,
} from '../domain/access/definition.ts'
import { knownScopes, type Role, roleOfScope } from '../domain/access/roles.ts'
import { handOver, type OAuthServers, spellResource } from '../http/oauth.ts'
import { formTarget, markup, plainPage, sendPage } from '../http/page.ts'
import { declined, entryOfPage } from '../ledger/entries.ts'
import { type Application, findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { asksOf, type Asking, consentPage } from './consent.ts'
import { formOf, hiddenFields, pages, sendOn } from './forms.ts'
import { signInFirst, signInPath } from './sign-in.ts'

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

/**
 * OAuth 2.1 for browsers, by oidc-provider, which gets requests whole: `/oauth/authorize`, to which an application sends its owner, and
 * the page on which they accept or decline what it asks for. Programs come to `routes/oauth.ts`.
 */
export function oauthPages(app: App, context: Context, servers: OAuthServers): void {
  pages(app, context, (scope) => {
    for (const path of [oauthPaths.authorization, `${oauthPaths.authorization}/:uid`] as const)
      scope.get(path, { exposeHeadRoute: false }, async (request, reply) => {
        const elsewhere = otherOrigin(context, request)
        if (elsewhere !== undefined) return sendOn(reply, elsewhere)
        // Whatever is asked for: an answer to the application would tell a stranger that it is registered.
        if (!(await sessionOf(context, request))) return sendOn(reply, signInPath(withMark(request.url)))
        servers.asksForOwner(request)
        if (new URLSearchParams(request.url.split('?')[1]).has(signedInMark)) return goOn(request, reply)
        onlyByQuery(request)
        const provider = await servers.of(request)
        onlyKnown(request, provider.issuer)
        return handOver(provider, request.raw, reply)
      })
    const path = `${consentPath}/:uid`
    scope.get(path, async (request, reply) => {
      const question = await questionIn(context, request, reply, servers)
      return question && ask(context, request, reply, question)
    })
    scope.post(path, async (request, reply) => {
      const question = await questionIn(context, request, reply, servers)
      return question && decide(context, request, reply, question)
    })
  })
}

/** This page at the account's own origin, where its cookies are, for a local server that was reached by another name. */
function otherOrigin(context: Context, request: FastifyRequest): string | undefined {
  const { domain } = request.account
  return hostOf(request) === domain ? undefined : `${originOf(domain, context.config)}${request.url}`
}

/** Marks the address to which the browser comes from signing in. */
const signedInMark = 'signed_in'

function withMark(url: string): string {
  const mark = `${signedInMark}=1`
  return url.includes(mark) ? url : `${url}${url.includes('?') ? '&' : '?'}${mark}`
}

/**
 * A step of its own between signing in and what follows. Browsers take all redirects after a form for where the form leads, and the
 * form to sign in leads to no application.
 */
function goOn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.replace(new RegExp(`[?&]${signedInMark}=1`), '')
  const link = markup`<a href="${url}">Go on</a> if nothing happens.`
  return sendPage(reply.header('refresh', `0; url=${url}`), 200, plainPage('You are signed in', link))
}

/** Answers come in the query. The library would give even the refusal of another way by that way, as a page with a script. */
function onlyByQuery({ raw }: FastifyRequest): void {
  const parameters = parametersIn(raw)
  if (parameters.getAll('response_mode').every((mode) => mode === 'query')) return
  parameters.set('response_mode', 'unsupported')
  raw.url = `${pathOf(raw)}?${parameters.toString()}`
}

/** What counts with `openid` alone, which there is not. The library would refuse it without. */
const ofOpenId = ['acr_values', 'claims', 'claims_locales', 'id_token_hint', 'max_age', 'nonce']

/** Takes out what is no scope here, and stray spaces: the library would refuse all of the request for them. The resource is spelt one way. */
function onlyKnown({ raw }: FastifyRequest, origin: string): void {
  const parameters = parametersIn(raw)
  for (const name of ofOpenId) parameters.delete(name)
  const [scope, another] = parameters.getAll('scope')
  if (scope !== undefined && another === undefined) {
    const known = knownScopes(scope).join(' ')
    if (known === '') parameters.delete('scope')
    else parameters.set('scope', known)
  }
  spellResource(parameters, origin)
  raw.url = `${pathOf(raw)}?${parameters.toString()}`
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] as string
}

function parametersIn(raw: IncomingMessage): URLSearchParams {
  return new URLSearchParams(raw.url?.slice(pathOf(raw).length))
}

/** The question this browser was sent here with; undefined after another answer was sent. */
async function questionIn(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  servers: OAuthServers,
): Promise<Question | undefined> {
  const session = await sessionOf(context, request)
  if (session === undefined) {
    signInFirst(request, reply)
    return undefined
  }
  const provider = await servers.of(request)
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
