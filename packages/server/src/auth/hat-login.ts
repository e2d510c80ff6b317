import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import { stringText } from '@hatstand/api/json.ts'
import type { Account, Context } from '../context.ts'
import { parseDefinition } from '../domain/access/definition.ts'
import { ApiError } from '../errors.ts'
import { type Application, findApplication } from '../store/access/applications.ts'
import { issueToken } from './access-tokens.ts'

/** An application that asks the owner to sign in to it, and the registered address the browser goes back to. */
export interface HatLogin {
  application: Application
  definition: Definition
  redirect: string
}

/**
 * Finds the application of a HAT login and checks the address it wants the browser back at: only what is registered is followed,
 * to the letter.
 * @param fits another way to compare, where no browser is sent anywhere
 * @throws `application_unknown` (404), `redirect_unregistered` (400)
 */
export async function findHatLogin(
  { database }: Context,
  { pda }: Account,
  { application: id, redirect }: { application: string; redirect: string },
  fits: (definition: Definition, address: string) => boolean = isRegistered,
): Promise<HatLogin> {
  // PostgreSQL cannot be asked for a text with NUL.
  const application = id.includes('\0')
    ? undefined
    : await database.of(pda).read((unit) => findApplication(unit, id))
  if (application === undefined)
    throw new ApiError('application_unknown', `No application is registered with the id ${stringText(id)}`)
  const definition = parseDefinition(application.definition)
  if (!fits(definition, redirect))
    throw new ApiError('redirect_unregistered', 'The redirect address is not one the application registered')
  return { application, definition, redirect }
}

/** Whether an application registered this address, to the letter. */
export function isRegistered({ setup }: Definition, address: string): boolean {
  return setup.validRedirectUris?.includes(address) ?? false
}

/** The same, or the origin of such an address. */
export function isRegisteredOrigin(definition: Definition, address: string): boolean {
  const origins = definition.setup.validRedirectUris?.map((registered) => URL.parse(registered)?.origin) ?? []
  return isRegistered(definition, address) || (address !== 'null' && origins.includes(address))
}

/**
 * A new token of the application.
 * @throws `application_inactive` (400) when the application is not set up and enabled
 */
export function applicationToken(
  context: Context,
  account: Account,
  subject: string,
  { application: { id, setupVersion, version } }: HatLogin,
): Promise<string> {
  const bearer = { kind: 'application', subject, application: id, version: setupVersion ?? version } as const
  return issueToken(context, account, bearer, 'HAT login')
}

/**
 * The address a HAT login leads back to, with a new token of the application in its query.
 * @throws `application_inactive` (400) when the application is not set up and enabled
 */
export async function redirectWithToken(
  context: Context,
  account: Account,
  subject: string,
  login: HatLogin,
): Promise<string> {
  return withParameter(login.redirect, 'token', await applicationToken(context, account, subject, login))
}

/** An address with one parameter more. What its query holds stays as it is; a fragment goes. */
export function withParameter(address: string, name: string, value: string): string {
  const [front = ''] = address.split('#', 1)
  const joint = !front.includes('?') ? '?' : /[?&]$/.test(front) ? '' : '&'
  return `${front}${joint}${name}=${encodeURIComponent(value)}`
}
