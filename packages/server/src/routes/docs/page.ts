import { errorCodes } from '@hatstand/api/errors.ts'
import type { Answer, Operation } from '@hatstand/api/operation.ts'
import { operations } from '@hatstand/api/operations.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { errors } from '../../errors.ts'
import { contentSecurity, escaped, page, trusted } from '../../http/page.ts'
import { parametersOf, pathOf, refusalsOf } from './openapi.ts'

/** The page may load nothing and run nothing: its one style is named by its hash. */
export const docsPolicy = contentSecurity()

/** The API on one page, for people: each operation with parameters, body, answers and a command to try. */
export function docsPage(): string {
  const tags = [...new Set(operations.map(({ tags: [tag] }) => tag))]
  const main = `<h1>hatstand API</h1>
<p>Version ${manifest.version}. The same as <a href="/openapi.json">OpenAPI 3.1</a>. Every route below <code>/api/v2.6</code>
also answers below <code>/api/v2</code> and <code>/api/v2.0</code>. The commands expect two variables:</p>
${code('URL=http://localhost:8080\nTOKEN=...')}
<nav aria-label="Operations">
${tags.map(contentsOf).join('\n')}
<p><a href="#errors">Errors</a></p>
</nav>
${tags.map(sectionOf).join('\n')}
${errorSection()}`
  return page('API', trusted(main), { wide: true })
}

function withTag(tag: string): Operation[] {
  return operations.filter(({ tags }) => tags[0] === tag)
}

function contentsOf(tag: string): string {
  const entries = withTag(tag).map(
    (operation) => `<li><a href="#${operation.operationId}">${escaped(operation.summary)}</a></li>`,
  )
  return `<p>${capital(tag)}</p>\n<ul>\n${entries.join('\n')}\n</ul>`
}

function sectionOf(tag: string): string {
  return `<section>\n<h2>${capital(tag)}</h2>\n${withTag(tag).map(articleOf).join('\n')}\n</section>`
}

function articleOf(operation: Operation): string {
  const { operationId, method, summary, description, requestBody, answers } = operation
  const who = operation.public ? 'Needs no access token.' : operation.ownerOnly ? 'For the owner only.' : ''
  const body =
    requestBody &&
    `<h4>Body</h4>\n<p>${prose(requestBody.description)}</p>\n${code(json(requestBody.example))}`
  return `<article id="${operationId}" aria-labelledby="${operationId}-name">
<h3 id="${operationId}-name">${escaped(summary)}</h3>
<p><code>${method} ${escaped(pathOf(operation))}</code></p>
<p>${prose(description)} ${who}</p>
${parameterTable(operation)}
${body ?? ''}
<h4>Answers</h4>
${Object.entries(answers).map(answerOf).join('\n')}
${refusalTable(operation)}
<h4>Try it</h4>
${code(curlOf(operation))}
</article>`
}

function answerOf([status, { description, headers = {}, example }]: [string, Answer]): string {
  const lines = Object.entries(headers).map(([name, does]) => `<p><code>${name}</code>: ${prose(does)}</p>`)
  const shown = example === undefined ? '' : code(typeof example === 'string' ? example : json(example))
  return `<p><strong>${status}</strong> ${prose(description)}</p>\n${lines.join('\n')}\n${shown}`
}

function parameterTable(operation: Operation): string {
  const rows = parametersOf(operation).map(({ name, in: place, required, description, schema }) => {
    const fallback = schema.default === undefined ? '' : ` Default: <code>${schema.default}</code>.`
    return [`<code>${name}</code>`, place, required ? 'yes' : 'no', prose(description) + fallback]
  })
  return rows.length === 0
    ? ''
    : table('Parameters', operation.summary, ['Name', 'In', 'Needed', 'Meaning'], rows)
}

function refusalTable(operation: Operation): string {
  const rows = refusalsOf(operation).map((name) => [
    `<a href="#error-${name}"><code>${name}</code></a>`,
    errors[name].status,
  ])
  return table('Refusals', operation.summary, ['Code', 'Status'], rows)
}

function errorSection(): string {
  const rows = errorCodes.map((name) => [
    `<code id="error-${name}">${name}</code>`,
    errors[name].status,
    errors[name].message,
  ])
  return `<section id="errors">\n<h2>Errors</h2>
<p>Every refusal has the same shape; <code>code</code> is what programs should look at, <code>cause</code> says what is wrong.
With <code>Accept: application/problem+json</code> the same comes as RFC 9457 has it.</p>
${table('Codes', 'all errors', ['Code', 'Status', 'Message'], rows)}\n</section>`
}

function table(caption: string, of: string, head: string[], rows: (string | number)[][]): string {
  const heads = head.map((name) => `<th scope="col">${name}</th>`).join('')
  return `<div class="scrolls" tabindex="0" role="region" aria-label="${caption}: ${escaped(of)}">
<table><caption>${caption}</caption><thead><tr>${heads}</tr></thead><tbody>\n${rows.map(row).join('\n')}\n</tbody></table>\n</div>`
}

function row(cells: (string | number)[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

function code(text: string): string {
  return `<pre tabindex="0"><code>${escaped(text)}</code></pre>`
}

/** A sentence in which `...` stands for code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A command that tries the operation; `$URL` and `$TOKEN` stand for the server and the access token. */
function curlOf(operation: Operation): string {
  const { method, requestBody, requestHeaders = {} } = operation
  const options = [
    method === 'GET' ? '' : `-X ${method}`,
    operation.public ? '' : '-H "X-Auth-Token: $TOKEN"',
    ...Object.keys(requestHeaders).map((name) => `-H '${name}: ...'`),
    requestBody ? "-H 'Content-Type: application/json'" : '',
    requestBody ? `-d ${quoted(JSON.stringify(requestBody.example))}` : '',
  ]
  return ['curl', `"$URL${exampleUrl(operation)}"`, ...options.filter(Boolean)]
    .join(' \\\n  ')
    .replace(' \\\n  ', ' ')
}

/** The operation's URL with the example of each parameter that has one; of optional ones, only the first. */
function exampleUrl(operation: Operation): string {
  const given = parametersOf(operation).flatMap(({ name, in: place, schema }) => {
    const [example] = schema.examples ?? []
    return example === undefined ? [] : [{ name, place, example: `${example}` }]
  })
  const path = given
    .filter(({ place }) => place === 'path')
    .reduce((url, { name, example }) => url.replace(`{${name}}`, example), pathOf(operation))
  const [query] = given.filter(({ place }) => place === 'query')
  return query ? `${path}?${query.name}=${query.example}` : path
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
