import type { Role } from '../domain/access/roles.ts'

/** What a role other than reading and writing lets an application do, in words that go on from "it may". */
export function roleInWords({ role, detail }: Role): string {
  if (role === 'owner') return 'do everything you may do yourself'
  if (detail === '') return plainWords[role] ?? `act in the role ${role}`
  return detailedWords[role]?.(detail) ?? `act in the role ${role} (${detail})`
}

const plainWords: Partial<Record<string, string>> = {
  platform: 'manage the users of this account and propose data debits',
  validate: 'show others that it acts for you',
  datadebit: 'propose data debits: ask for your consent to hand data to somebody',
  datacredit: 'deliver data on behalf of a service',
  applicationlist: 'see which applications you use',
}

const detailedWords: Partial<Record<string, (detail: string) => string>> = {
  datadebit: (id) => `be handed the data of the data debit ${id}, and ask for other data by it`,
  datacredit: (id) => `deliver data as ${id}`,
  applicationmanage: (id) => `set up and disable the application ${id}`,
  applicationstatusread: (id) => `see whether the application ${id} is set up`,
  retrieveapplicationtoken: (id) =>
    `get the access token of the application ${id}, and with it do whatever that one may`,
  managefiles: (source) =>
    source === '*' ? 'see and manage all your files' : `see and manage the files of ${source}`,
}
