import { stringValue } from '@hatstand/api/json.ts'
import type { Bundle } from '../../domain/consent/acceptance.ts'
import {
  endOf,
  type DataDebit,
  isOnce,
  type Permission,
  readLimitOf,
  type Status,
  statusOf,
} from '../../domain/consent/data-debit.ts'
import { fieldsShown } from '../../domain/consent/policy.ts'
import type { Filter } from '../../domain/queries/filters.ts'
import type { PropertyQuery, EndpointQuery } from '../../domain/queries/query.ts'
import {
  pathText,
  membersOf,
  type Piece,
  sourceOf,
  wholePiece,
  elementsOf,
  QueryError,
} from '../../domain/queries/text.ts'
import { alert, isolated, markup, type Markup, page, trusted } from '../../http/page.ts'

export const listPath = '/account/data-debits'
export const onePath = '/account/data-debits/one'
const addressOf = (id: string) => `${onePath}?id=${encodeURIComponent(id)}`

/** How much of a record, or of a value that one is compared with, a page shows, in characters. */
const maxData = 400

const statusWords: Record<Status, string> = {
  proposed: 'waits for you',
  declined: 'declined',
  accepted: 'accepted, not begun',
  active: 'in force',
  ended: 'ended',
}

/** A data debit, and what it is at this moment. */
interface Listed {
  debit: DataDebit
  /** The one in force, or else the last. */
  permission: Permission
  /** Whether something was proposed that the owner has not decided on. */
  isOpen: boolean
}

/** The list of all data debits. */
export function listPage(all: readonly Listed[], now: number): string {
  const open = all.filter(({ isOpen }) => isOpen)
  const others = all.filter(({ isOpen }) => !isOpen)
  return page(
    'Data debits',
    markup`<h1>Data debits</h1>
<p>Who asks you for data, what for, and what you let them have.</p>
<h2>Waiting for you</h2>
${open.length === 0 ? markup`<p>Nothing.</p>` : rows(open, now)}
<h2>Decided</h2>
${others.length === 0 ? markup`<p>None.</p>` : rows(others, now)}
<p><a href="/account">Back to your account</a></p>`,
    { wide: true },
  )
}

function rows(listed: readonly Listed[], now: number): Markup {
  return markup`<ul class="rows">
${listed.map(
  ({ debit, permission }) =>
    markup`<li><a href="${addressOf(debit.id)}"><strong>${debit.client.name}</strong></a> <span class="quiet">${debit.id}, ${statusWords[statusOf(permission, now)]}</span><br>${permission.purpose}</li>\n`,
)}</ul>`
}

/** What has to be there for data to leave, and whether it is at this moment. */
interface Condition {
  name: string
  query: PropertyQuery
  isMet: boolean
}

/** Everything the page of one data debit shows. */
interface OneShown {
  debit: DataDebit
  /** What can be accepted. */
  open: Permission
  active: Permission | undefined
  /** Who it was that asked, as the account knows it. */
  requester: string
  records: readonly Disclosure[]
  counts: ReadonlyMap<string, number>
  /** Undefined where nothing can be chosen: it was accepted with less before, and stays so. */
  choices: readonly EndpointFields[] | undefined
  ticked: ReadonlySet<string>
  once: boolean
  conditions: readonly Condition[]
  problem: string | undefined
  done: string | undefined
  hidden: Markup
  now: number
}

/** One data debit: what is asked for, what would leave, and the decision. */
export function onePage(shown: OneShown): string {
  const { debit, open, active, problem, done, now } = shown
  const isDecided = active?.number === open.number
  return page(
    debit.client.name,
    markup`<h1>${debit.client.name} asks for data</h1>
${problem !== undefined && alert(problem)}${done !== undefined && markup`<div class="done" role="status"><p>${done}</p></div>`}
<p>${open.purpose}</p>
${facts(shown)}
${active && !isDecided && markup`<div class="note"><p>Something else is in force until you accept this: ${active.purpose || 'the request before'}.</p></div>`}
${shown.conditions.length > 0 && conditionsOf(shown)}
<form method="post" action="${onePath}">
${shown.hidden}<h2>What ${isDecided ? 'leaves' : 'would leave'} now</h2>
${nothingYet(shown)}
${disclosed(shown)}
${!isDecided && shown.choices ? choosing(shown.choices, shown) : ''}
${isDecided ? ending() : deciding(open, now)}
</form>
<p><a href="${listPath}">All data debits</a></p>`,
    { wide: true },
  )
}

function facts({ debit, open, requester, now }: OneShown): Markup {
  const limit = readLimitOf(open)
  const end = endOf(open)
  const { client } = debit
  return markup`<dl>
<dt>Asked by</dt><dd>${requester}, which calls itself ${client.name}${/^https?:\/\//.test(client.url) && markup` (<a href="${client.url}" rel="noreferrer noopener">${client.url}</a>)`}</dd>
${client.description !== undefined && markup`<dt>About</dt><dd>${client.description}</dd>`}
<dt>Status</dt><dd>${statusWords[statusOf(open, now)]}</dd>
<dt>From</dt><dd>${time(open.start)}</dd>
<dt>Until</dt><dd>${end === undefined ? 'you end it' : time(end)}</dd>
<dt>How often</dt><dd>${isOnce(open) ? 'once' : limit === Infinity ? 'as often as they like' : `${limit} times in ${days(open.period)}`}</dd>
${/^https?:\/\//.test(open.termsUrl) && markup`<dt>Terms</dt><dd><a href="${open.termsUrl}" rel="noreferrer noopener">${open.termsUrl}</a></dd>`}
${client.callbackUrl !== undefined && markup`<dt>Wants to be told what you decide at</dt><dd>${client.callbackUrl}</dd>`}
</dl>`
}

/** The owner decides on these, too: whoever asks learns of each whether there is such a record, even when nothing leaves. */
function conditionsOf({ debit, conditions }: OneShown): Markup {
  const each = conditions.length === 1 ? 'this is' : 'each of these is'
  return markup`<h2>${conditions.length === 1 ? 'Condition' : 'Conditions'}</h2>
<p>Data leaves only while ${each} so. Whenever ${isolated(debit.client.name)} asks, it learns whether ${each} so, even if nothing leaves.</p>
<ul class="rows">
${conditions.map(
  ({ name, query, isMet }) =>
    markup`<li><strong>${isolated(name)}</strong> <span class="quiet">${isMet ? 'is so now' : 'is not so now'}</span>${query.endpoints.map(
      ({ endpoint, filters }, index) =>
        markup`<br>${index === 0 ? 'There is a record at' : 'or one at'} <strong>${endpoint}</strong>${filters.map(
          (filter, at) => markup`${at === 0 ? ' where ' : ' and '}${inWords(filter)}`,
        )}`,
    )}</li>\n`,
)}</ul>`
}

/** A filter as the rest of a sentence: the hour of `timestamp` (UTC) is between `7` and `9`. */
function inWords({ path, transformation, operator }: Filter): Markup {
  const field = path.length === 0 ? 'all of it' : markup`<code>${isolated(pathText(path))}</code>`
  const what = 'part' in transformation ? markup`the ${transformation.part} of ${field} (UTC)` : field
  if (operator.operator === 'find') return markup`${what} has the words ${valueOf(operator.search)}`
  if (operator.operator === 'between')
    return markup`${what} is between ${valueOf(operator.lower)} and ${valueOf(operator.upper)}`
  const { value: json } = operator
  if (operator.operator === 'contains') return markup`${what} is or holds ${valueOf(json)}`
  return markup`${what} is ${json.startsWith('[') ? 'one of' : 'within'} ${valueOf(json)}`
}

const valueOf = (text: string): Markup =>
  markup`<code>${isolated(text.length > maxData ? `${text.slice(0, maxData)}…` : text)}</code>`

function nothingYet({ conditions }: OneShown): Markup | false {
  const unmet = conditions.filter(({ isMet }) => !isMet).map(({ name }) => isolated(name))
  return (
    unmet.length > 0 &&
    markup`<div class="note"><p>Nothing yet: ${unmet.map((name, index) => markup`${index > 0 && ', '}${name}`)} ${unmet.length === 1 ? 'is a condition that is not met' : 'are conditions that are not met'}.</p></div>`
  )
}

function disclosed({ records, counts }: OneShown): Markup {
  return markup`${Array.from(counts, ([property, count]) => {
    const some = records.filter((record) => record.property === property)
    return markup`<h3>${property}: ${count} ${count === 1 ? 'record' : 'records'}</h3>
${some.length > 0 && markup`<ul class="rows">${some.map(({ endpoint, data }) => markup`<li><span class="quiet">${endpoint}</span><br><code>${data.slice(0, maxData)}${data.length > maxData && '…'}</code></li>`)}</ul>`}${count > some.length && some.length > 0 && markup`<p class="quiet">The first ${some.length} are shown.</p>`}`
  })}`
}

function choosing(choices: readonly EndpointFields[], { ticked, once }: OneShown): Markup {
  return markup`<h2>Let less of it leave</h2>
<p>What you untick does not leave, and they are not told. Then only what is ticked leaves: fields that records get later do not.</p>
${choices.map(
  (
    { endpoint, fields },
    index,
  ) => markup`<fieldset aria-labelledby="of-${index}"><legend id="of-${index}"><strong>${endpoint}</strong></legend>
${fields.length === 0 && markup`<p class="quiet">No record here yet.</p>`}${fields.map((field) => {
    const value = `${endpoint} ${field}`
    return markup`<input type="hidden" name="shown" value="${value}"><label class="choice"><input type="checkbox" name="field" value="${value}"${ticked.has(value) && trusted(' checked')}>${field}</label>\n`
  })}</fieldset>\n`,
)}
<label class="choice"><input type="checkbox" name="once" value="yes"${once && trusted(' checked')}>They may read it once only</label>
<p class="actions"><button type="submit" class="second" name="do" value="preview">Show what would leave then</button></p>`
}

function deciding(open: Permission, now: number): Markup {
  const declined = statusOf(open, now) === 'declined'
  return markup`<p class="actions"><button type="submit" name="do" value="accept">Accept</button>
${!declined && open.acceptedAt === undefined && markup`<button type="submit" class="danger" name="do" value="decline">Decline</button>`}</p>`
}

const ending =
  () => markup`<p class="actions"><button type="submit" class="danger" name="do" value="end">End it now</button>
<button type="submit" class="second" name="do" value="endLater">End it with its period</button></p>`

function days(milliseconds: number): string {
  const count = milliseconds / 86_400_000
  return Number.isInteger(count)
    ? `${count} ${count === 1 ? 'day' : 'days'}`
    : `${milliseconds / 1000} seconds`
}

/** A time for people, in UTC, which is said: the server does not know theirs. */
function time(milliseconds: number): Markup {
  const date = new Date(milliseconds).toISOString()
  return markup`<time datetime="${date}">${date.slice(0, 10)} ${date.slice(11, 16)} UTC</time>`
}

/** How many characters of a form the fields take that a page lets an owner choose from: it has only so much room. */
const maxTextLength = 12_000

/** A record as it would leave. */
interface Disclosure {
  property: string
  endpoint: string
  /** JSON, as it would leave. */
  data: string
}

/** The fields of an endpoint that a request would let leave. */
interface EndpointFields {
  endpoint: string
  fields: string[]
}

/** The records in the JSON text of a bundle's answer; none when it is too long to look at. */
export function disclosuresIn(text: string): Disclosure[] {
  try {
    return [...membersOf(wholePiece(text))].flatMap(([property, records]) =>
      elementsOf(records, 1000).map((record) => {
        const members = membersOf(record)
        const endpoint = stringValue(sourceOf(members.get('endpoint') as Piece))
        return { property, endpoint, data: sourceOf(members.get('data') as Piece) }
      }),
    )
  } catch (error) {
    if (error instanceof QueryError) return []
    throw error
  }
}

/** What an owner may choose from: the fields that mappings show, and of whole records those that some of them have. */
export function choicesIn(bundle: Bundle, records: readonly Disclosure[]): EndpointFields[] {
  const byEndpoint = new Map<string, Set<string>>()
  let left = maxTextLength
  for (const query of [...bundle.values()].flatMap(({ endpoints }) =>
    endpoints.flatMap((one) => [one, ...one.links]),
  )) {
    const fields = byEndpoint.get(query.endpoint) ?? new Set<string>()
    byEndpoint.set(query.endpoint, fields)
    for (const field of fieldsOf(query, records)) {
      // Each is in the form twice: that it was shown, and that it was ticked.
      const length = 2 * encodeURIComponent(`shown=${query.endpoint} ${field}`).length
      if (fields.has(field) || length > left) continue
      fields.add(field)
      left -= length
    }
  }
  return Array.from(byEndpoint, ([endpoint, fields]) => ({ endpoint, fields: [...fields] }))
}

function fieldsOf(query: EndpointQuery, records: readonly Disclosure[]): string[] {
  if (query.mapping) return fieldsShown(query).flatMap(({ text }) => (text === '' ? [] : [text]))
  return records
    .filter(({ endpoint, data }) => endpoint === query.endpoint && data.startsWith('{'))
    .flatMap(({ data }) => [...membersOf(wholePiece(data)).keys()].map((key) => pathText([key])))
}

/**
 * The narrowing that a form's ticks come to: only what was ticked leaves, and nothing of an endpoint without any.
 * @param shown and `ticked`: an endpoint and a field of it, with a space between
 * @returns undefined when all is ticked
 */
export function narrowingOf(shown: readonly string[], ticked: ReadonlySet<string>): object | undefined {
  const byEndpoint = Map.groupBy(shown, (one) => one.slice(0, one.indexOf(' ')))
  const endpoints = Array.from(byEndpoint, ([endpoint, all]) => {
    const left = all.filter((one) => ticked.has(one))
    if (left.length === all.length) return []
    const fields = left.map((one) => one.slice(endpoint.length + 1))
    return [[endpoint, fields.length === 0 ? { leaveOut: true } : { fields }] as const]
  }).flat()
  return endpoints.length === 0 ? undefined : { endpoints: Object.fromEntries(endpoints) }
}
