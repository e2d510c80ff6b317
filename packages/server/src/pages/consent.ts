import type { Context } from '../context.ts'
import type { Role } from '../domain/access/roles.ts'
import { alert, isolated, markup, type Markup, page } from '../http/page.ts'
import { listSources } from '../store/records/sources.ts'

/** Who asks. All of it is text from outside; links are followed by the owner only. */
export interface Asking {
  name: string
  headline?: string | undefined
  developer?: string | undefined
  /** Where it lives on the web, as a host name: what is hardest to pretend. */
  host?: string | undefined
  /** Its own pages: addresses of http or https, others are left out. */
  links: { text: string; url: string | undefined }[]
  /** More about it, in sentences. */
  notes?: readonly string[]
}

interface Consent {
  application: Asking
  /** What it gets by this decision, beside `kept`. */
  asks: Asks
  /** What it was given before and keeps; undefined when it is asked for the first time. */
  kept?: Asks | undefined
  /** The registered address the browser goes back to. */
  returnsTo: string
  /** Where the form is sent: a path of ours. The button pressed comes as `decision`: `accept` or `decline`. */
  action: string
  /** What `hidden` of `pages/forms.ts` made. */
  hidden: Markup
  /** True when it asks for something else than the page that was decided on had shown. */
  changed?: boolean
  /** Who decides, and on which account. */
  owner: string
  domain: string
}

/** The page on which the owner accepts or declines what an application asks for. */
export function consentPage(consent: Consent): string {
  const { application, asks, kept, owner, domain } = consent
  const name = isolated(application.name)
  const nothingNew = kept !== undefined && isEmpty(asks)
  return page(
    nothingNew ? `Sign in to ${application.name}?` : `Give ${application.name} access to your data?`,
    markup`<h1>${nothingNew ? markup`Sign in to ${name}?` : markup`Give ${name} access to your data?`}</h1>
${consent.changed && alert(markup`Please look again: ${name} changed what it asks for while you looked. Nothing was given to it.`)}
${factsAbout(application)}
${asks.everything && everythingNote(name, asks.everything)}
${nothingNew ? markup`<p>You gave ${name} this before, and nothing new is asked for.</p>` : asked(consent)}
${kept && !isEmpty(kept) && markup`<h2>${nothingNew ? 'It may' : 'It may already'}</h2>\n${listOf(kept)}`}
${whatFollows(consent, nothingNew)}
<form method="post" action="${consent.action}">
${consent.hidden}<p class="actions"><button type="submit" name="decision" value="accept">${nothingNew ? 'Continue' : 'Give access'}</button>
<button type="submit" class="second" name="decision" value="decline">${nothingNew ? 'Cancel' : 'Decline'}</button></p>
</form>`,
    { footer: markup`Signed in as <strong>${owner}</strong> on ${domain}. <a href="/sign-out">Sign out</a>` },
  )
}

function factsAbout({ name, headline, developer, host, links, notes = [] }: Asking): Markup {
  const followed = links.filter(({ url }) => url !== undefined && /^https?:\/\//i.test(url))
  return markup`<p><strong>${isolated(name)}</strong>${host && markup` from <strong>${host}</strong>`}${developer && markup`, made by ${isolated(developer)}`}.</p>
${headline && markup`<p class="quiet">${headline}</p>\n`}${notes.map((note) => markup`<p class="quiet">${note}</p>\n`)}${
    followed.length > 0 &&
    markup`<ul class="inline quiet">${followed.map(
      ({ text, url }) => markup`<li><a href="${url}" rel="noreferrer noopener nofollow">${text}</a></li>\n`,
    )}</ul>`
  }`
}

function everythingNote(
  name: Markup,
  { records, endpoints }: { records: number; endpoints: number },
): Markup {
  return markup`<div class="note strong"><p><strong>${name} asks for everything.</strong> It could read, change and delete all your
records (${amount(records, endpoints)}), whatever application they are from, and give rights to others. Accept only if you would
give ${name} your password.</p></div>`
}

function asked({ application, asks, kept }: Consent): Markup {
  const name = isolated(application.name)
  if (isEmpty(asks))
    return markup`<p>${name} asks for no access to your data. It only learns that you are the owner of this account.</p>`
  return markup`<h2>${kept === undefined ? 'It asks to' : 'New: it asks to'}</h2>\n${listOf(asks)}`
}

function listOf({ everything, reads, writes, others }: Asks): Markup {
  if (everything) return markup`<ul class="rows"><li>do everything you may do yourself</li></ul>`
  const lines = [
    ...reads.map((one) => markup`read ${inNamespace(one)}`),
    ...writes.map((one) => markup`add, change and delete ${inNamespace(one)}`),
    ...others,
  ]
  return markup`<ul class="rows">\n${lines.map((line) => markup`<li>${line}</li>\n`)}</ul>`
}

function inNamespace({ namespace, records, endpoints }: NamespaceAsked): Markup {
  return markup`what is in <strong>${namespace}</strong> <span class="quiet">(${amount(records, endpoints)})</span>`
}

/** How much that is now. */
function amount(records: number, endpoints: number): string {
  if (records === 0) return 'nothing there yet'
  return `now ${counted(records, 'record')} at ${counted(endpoints, 'endpoint')}`
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

function isEmpty({ everything, reads, writes, others }: Asks): boolean {
  return everything === undefined && reads.length + writes.length + others.length === 0
}

function whatFollows({ application, returnsTo }: Consent, nothingNew: boolean): Markup {
  const name = isolated(application.name)
  const { protocol, host, hostname } = new URL(returnsTo)
  const web = /^https?:$/.test(protocol)
  const readable = protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
  return markup`<h2>Then</h2>
<p>You go back to ${web ? markup`<strong>${host}</strong>` : markup`a program on this device that opens <strong>${protocol}</strong> addresses`}
<span class="quiet">(<code>${returnsTo}</code>)</span>. ${!nothingNew && markup`${name} keeps this access until you take it back.`}</p>
${readable && markup`<div class="note strong"><p>This address is not encrypted (<code>http:</code>): others on the way could read what ${name} is given.</p></div>`}`
}

/** A namespace, and what is kept in it now. */
interface NamespaceAsked {
  namespace: string
  records: number
  endpoints: number
}

/** What somebody asks for, ready to be shown. */
interface Asks {
  /** Asked for is everything there is; the rest then says nothing more. */
  everything: { records: number; endpoints: number } | undefined
  reads: NamespaceAsked[]
  writes: NamespaceAsked[]
  /** In words that go on from "it may". */
  others: string[]
}

type Counts = Map<string, { records: number; endpoints: number }>

/** What roles come to at this moment, with the numbers of records and endpoints they reach. */
export async function asksOf(context: Context, pda: number, roles: readonly Role[]): Promise<Asks> {
  const counts = await countNamespaces(context, pda)
  const named = (name: Role['role']) =>
    roles
      .filter(({ role }) => role === name)
      .map(({ detail: namespace }) => ({ namespace, ...(counts.get(namespace) ?? none) }))
  const others = roles.filter(({ role }) => role !== 'namespaceread' && role !== 'namespacewrite')
  return {
    everything: roles.some(({ role }) => role === 'owner') ? sum(counts) : undefined,
    reads: named('namespaceread'),
    writes: named('namespacewrite'),
    others: others.filter(({ role }) => role !== 'owner').map(roleInWords),
  }
}

const none = { records: 0, endpoints: 0 }

async function countNamespaces(context: Context, pda: number): Promise<Counts> {
  const counts: Counts = new Map()
  for (const { name, records } of await context.database.of(pda).read((unit) => listSources(unit))) {
    const namespace = name.split('/', 1)[0] as string
    const { records: before, endpoints } = counts.get(namespace) ?? none
    counts.set(namespace, { records: before + records, endpoints: endpoints + 1 })
  }
  return counts
}

function sum(counts: Counts) {
  const each = [...counts.values()]
  return {
    records: each.reduce((total, { records }) => total + records, 0),
    endpoints: each.reduce((total, { endpoints }) => total + endpoints, 0),
  }
}

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
