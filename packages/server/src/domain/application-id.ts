import { ownerHolder } from './access/rights.ts'

/** What is wrong with the id of a new application, as a sentence; undefined when it will do. */
export function applicationIdProblem(id: string): string | undefined {
  if (id === ownerHolder) return `The id "${ownerHolder}" is taken: records the owner writes carry it.`
  if (id === 'hmi') return 'The id "hmi" is taken: it is part of an address.'
  if (/^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/.test(id)) return undefined
  return 'The id of an application is 1 to 64 letters, digits and . _ - and begins with a letter or a digit.'
}

/** What is wrong with the version of an application, as a sentence; undefined when it will do. */
export function applicationVersionProblem(version: string): string | undefined {
  return /^\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(version)
    ? undefined
    : 'A version is three numbers, such as 1.0.0.'
}
