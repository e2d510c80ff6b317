import { isShownName } from './definition.ts'

/** What is wrong with a name an owner chose, as a sentence; undefined when it will do. Names are 1 to 64 letters, digits and `. _ @ -`. */
export function ownerNameProblem(name: string): string | undefined {
  if (/^[0-9A-Za-z._@-]{1,64}$/.test(name)) return undefined
  return 'The name must be 1 to 64 characters long, made of letters (a-z), digits and . _ @ - only.'
}

/** What is wrong with the name a user is shown by, as a sentence; undefined when it will do. */
export function shownNameProblem(name: string): string | undefined {
  if (isShownName(name) && name.length <= 200) return undefined
  return 'The name to show must be 1 to 200 characters long, without control characters.'
}

/**
 * What is wrong with the length of a password somebody chose, as a sentence; undefined when it will do. Characters are Unicode code
 * points. How easily it is guessed, `auth/passwords/strength.ts` says.
 */
export function passwordLengthProblem(password: string): string | undefined {
  const length = Array.from(password).length
  if (length < 10) return 'The password must be at least 10 characters long.'
  if (length > 1000) return 'The password must be at most 1000 characters long.'
  return undefined
}

/** What is wrong with an e-mail address, as a sentence; undefined when it looks like one. Only a mail that arrives proves more. */
export function emailProblem(email: string): string | undefined {
  if (email.length <= 254 && /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/.test(email)) return undefined
  return 'The e-mail address must look like name@example.org.'
}
