import { createHash } from 'node:crypto'
import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { asShown, setUp } from '../actions/applications.ts'
import {
  findHatLogin,
  type HatLogin,
  isRegistered,
  redirectWithToken,
  withParameter,
} from '../auth/hat-login.ts'
import { limitsOf } from '../auth/passwords/login-limit.ts'
import { type Session, sessionOf } from '../auth/sessions.ts'
import type { App, Context } from '../context.ts'
import { rolesOf, newRoles } from '../domain/access/definition.ts'
import { endpointsIn } from '../domain/consent/acceptance.ts'
import { readBundle } from '../domain/queries/query.ts'
import { ApiError, errors } from '../errors.ts'
import { formTarget, sendPage, type Markup, plainPage } from '../http/page.ts'
import { declined, entryOfPage } from '../ledger/entries.ts'
import { findOwner } from '../store/access/owners.ts'
import { type Asking, consentPage, asksOf } from './consent.ts'
import { formOf, hiddenFields, pages, sendOn } from './forms.ts'
import { signInPath } from './sign-in.ts'

/** What a link asks for: an application by its id, where to go back to, and where to when the owner declines. */
type Asked = { application: string; redirect: string; fallback: string }

/** The same as parameters of a link or fields of a form. */
function parametersOf({ application, redirect, fallback }: Asked): Record<string, string> {
  return { application_id: application, redirect_uri: redirect, ...(fallback && { fallback }) }
}

const path = '/hatlogin'

/**
 * `GET /hatlogin?name=&redirect=`, or `?application_id=&redirect_uri=&fallback=`: the owner signs in, sees what the application asks
 * for, and goes back to it with `token=`, or with `error=access_denied`.
 */
export function hatLoginRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get(path, async (request, reply) => {
      const asked = askedIn(new URLSearchParams(request.url.split('?').slice(1).join('?')))
      return withLogin(context, request, reply, asked, (session, login) =>
        showConsent(context, request, reply, session, login, asked),
      )
    })
    scope.post(path, async (request, reply) => {
      const asked = askedIn(formOf(request))
      return withLogin(context, request, reply, asked, (session, login) =>
        decide(context, request, reply, session, login, asked),
      )
    })
  })
}

/** Both spellings; of a parameter that comes twice the first counts, for us and for whoever looks at the link. */
function askedIn(parameters: URLSearchParams): Asked {
  const first = (...names: string[]) =>
    names.map((name) => parameters.get(name)).find((value) => value !== null) ?? ''
  return {
    application: first('application_id', 'name'),
    redirect: first('redirect_uri', 'redirect'),
    fallback: first('fallback'),
  }
}

/** Goes on when the owner is signed in and the link is in order. To nobody else it tells which applications there are. */
async function withLogin(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  next: (session: Session, login: HatLogin) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const session = await sessionOf(context, request)
  if (session === undefined)
    return sendOn(reply, signInPath(`${path}?${new URLSearchParams(parametersOf(asked)).toString()}`))
  const { account } = session
  let refusal: ApiError | undefined
  const login = await limitsOf(context).guesses(`${account.pda} HAT login`, request.ip, context.now(), () =>
    findHatLogin(context, account, asked).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      refusal = error
      return undefined
    }),
  )
  if (login) return next(session, login)
  const { code } = refusal as ApiError
  return sendPage(reply, errors[code].status, refusedLoginPage(refusal as ApiError))
}

async function showConsent(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { account: { pda, domain } }: Session,
  login: HatLogin,
  asked: Asked,
  changed = false,
): Promise<FastifyReply> {
  const owner = await context.database.of(pda).read((unit) => findOwner(unit))
  const fields = hiddenFields(context, request, reply, {
    ...parametersOf(asked),
    definition: shownDefinition(login),
  })
  const shown = { owner: owner?.name ?? '', domain, hidden: fields, changed }
  const html = await hatLoginPage(context, pda, login, shown)
  const formAction = new Set([login.redirect, refusedTo(login, asked)].map(formTarget))
  return sendPage(reply, changed ? 409 : 200, html, { formAction: [...formAction] })
}

async function decide(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
  login: HatLogin,
  asked: Asked,
): Promise<FastifyReply> {
  const form = formOf(request)
  const decision = form.get('decision')
  if (decision === 'decline') await declined(request, context, session, login.application.id)
  if (decision === 'decline')
    return sendOn(reply, withParameter(refusedTo(login, asked), 'error', 'access_denied'))
  if (decision !== 'accept') return showConsent(context, request, reply, session, login, asked)
  const same = form.get('definition') === shownDefinition(login)
  if (!same || !(await accept(context, request, session, login)))
    return showConsent(context, request, reply, session, login, asked, true)
  return sendOn(reply, await redirectWithToken(context, session.account, session.subject, login))
}

/** Where somebody goes back to who declines. */
function refusedTo({ definition, redirect }: HatLogin, { fallback }: Asked): string {
  return isRegistered(definition, fallback) ? fallback : redirect
}

/**
 * Grants what the owner was shown, and nothing else.
 * @returns false when the application was replaced or removed in the same moment
 */
async function accept(
  context: Context,
  request: FastifyRequest,
  session: Session,
  { application: { id, definition } }: HatLogin,
): Promise<boolean> {
  const entry = (version: string) =>
    entryOfPage(request, context, session, 'consent', { application: id, version })
  const database = context.database.of(session.account.pda)
  return (await setUp(database, id, asShown(definition), { entry, now: context.now() })) !== undefined
}

/** The definition the owner was shown, by which a decision says what it is about. */
function shownDefinition({ application: { definition } }: HatLogin): string {
  return createHash('sha256').update(definition).digest('base64url')
}

/** The consent page of a HAT login. */
async function hatLoginPage(
  context: Context,
  pda: number,
  login: HatLogin,
  who: { owner: string; domain: string; hidden: Markup; changed: boolean },
): Promise<string> {
  const { application, definition, redirect } = login
  const asked = rolesOf(definition)
  const fresh = newRoles(asked, application.enabled ? application.roles : [])
  const before = asked.filter((role) => !fresh.includes(role))
  return consentPage({
    ...who,
    application: factsOf(definition),
    asks: await asksOf(context, pda, fresh),
    kept: application.enabled ? await asksOf(context, pda, before) : undefined,
    returnsTo: redirect,
    action: '/hatlogin',
  })
}

/** Why a HAT login goes no further. Nothing in it leads anywhere, least of all to the address that was asked for. */
function refusedLoginPage({ code }: ApiError): string {
  return code === 'redirect_unregistered'
    ? plainPage(
        'This link cannot be trusted',
        'The application it names has not registered the address you would be sent to. Nothing was given to anybody.',
        'If you came here from an application you trust, tell its developer. If you registered it yourself, add the address to its definition.',
      )
    : plainPage(
        'This application is not known here',
        'The link you followed names an application that is not registered with your account. Nothing was given to anybody.',
        'If you want to use it, register it first.',
      )
}

/** The endpoints of a bundle that was checked when it was registered. */
const endpointsAsked = (bundle: unknown) => endpointsIn(readBundle(JSON.stringify(bundle))).join(', ')

function factsOf({ id, info, developer, kind, permissions, dependencies }: Definition): Asking {
  const needed = [...(dependencies?.plugs ?? []), ...(dependencies?.tools ?? [])]
  return {
    name: info.name,
    headline: info.headline,
    developer: developer.name,
    host: hostIn(kind.url),
    notes: [
      info.dataUsePurpose && `What for, in its own words: ${info.dataUsePurpose}`,
      permissions.dataRetrieved &&
        `It is handed the data “${permissions.dataRetrieved.name}” whenever it asks, until you disable it: records of ${endpointsAsked(permissions.dataRetrieved.bundle)}. Among your data debits you can take some of that away again.`,
      needed.length > 0 && `It works together with ${needed.join(', ')}.`,
      `Here it is registered as ${id}.`,
    ].filter((note) => typeof note === 'string' && note !== '') as string[],
    links: [
      { text: 'Its own page', url: kind.url },
      { text: `About ${developer.name}`, url: developer.url },
      { text: 'Its terms', url: info.termsUrl },
      { text: 'Its privacy policy', url: info.privacyPolicyUrl },
    ],
  }
}

function hostIn(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host || undefined : undefined
}
