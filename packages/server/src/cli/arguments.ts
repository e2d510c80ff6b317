import { isEndpoint, isNamespace } from '@hatstand/api/endpoint-name.ts'
import { isRecordId } from '@hatstand/api/query.ts'
import { InvalidArgumentError } from 'commander'
import { domainName } from '../config.ts'
import { type GivenRole, userRolesProblem } from '../domain/access/rights.ts'

/** The option of every command that works on one account. */
export const wholeAccount = ['--account <domain>', 'the account, where there are several', domain] as const

/** Takes a text unless there is something wrong with it. */
export function checked(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text)
    if (found) throw new InvalidArgumentError(found)
    return text
  }
}

export function domain(text: string): string {
  try {
    return domainName(text)
  } catch (error) {
    throw new InvalidArgumentError(`It ${(error as Error).message}`)
  }
}

export function namespaces(text: string, before: string[] = []): string[] {
  if (isNamespace(text)) return [...before, text]
  throw new InvalidArgumentError('A namespace is made of lower-case letters, digits and hyphens.')
}

export function days(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 36_500) return value
  throw new InvalidArgumentError('It must be a whole number from 1 to 36500.')
}

export function recordOrEndpoint(text: string): string {
  if (isEndpoint(text) || isRecordId(text)) return text
  throw new InvalidArgumentError('It must be the id of a record, or namespace/endpoint.')
}

/** A number of days that may be none. */
export function overlapDays(text: string): number {
  return text === '0' ? 0 : days(text)
}

/** `namespacewrite:rumpel` or `datacredit`, one after another. */
export function userRole(text: string, before: GivenRole[] = []): GivenRole[] {
  const [, role = '', detail = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? []
  const given = [...before, { role, detail }]
  const problem = userRolesProblem(given)
  if (problem) throw new InvalidArgumentError(problem)
  return given
}
