import { alert, isolated, markup, type Markup, page } from '../http/page.ts'
import type { Asks, NamespaceAsked } from '../routes/consent-asks.ts'

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

export interface Consent {
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
