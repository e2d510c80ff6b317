import { createHash } from 'node:crypto'
import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { HatLogin } from '../auth/hat-login.ts'
import type { Context } from '../context.ts'
import { newRoles, rolesOf } from '../domain/access/definition.ts'
import { endpointsIn } from '../domain/consent/acceptance.ts'
import { readBundle } from '../domain/queries/query.ts'
import type { ApiError } from '../errors.ts'
import type { Markup } from '../http/page.ts'
import { plainPage } from '../http/page.ts'
import { type Asking, consentPage } from '../pages/consent.ts'
import { asksOf } from './consent-asks.ts'

/** The definition the owner was shown, by which a decision says what it is about. */
export function shownDefinition({ application: { definition } }: HatLogin): string {
  return createHash('sha256').update(definition).digest('base64url')
}

/** The consent page of a HAT login. */
export async function hatLoginPage(
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
export function refusedLoginPage({ code }: ApiError): string {
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
