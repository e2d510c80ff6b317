import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { isHostName } from '../domain/access/definition.ts'

/** A hat on its stand. */
const mark = trusted(
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
    '<path d="M12 11v10M8 21h8M3 10.500h18"/><path fill="currentColor" d="M7 10c-.500-4.500 0-7 1.500-7 1.500 0 2 1 3.500 1s2-1 3.500-1c1.500 0 2 2.500 1.500 7z"/></svg>',
)

interface PageOptions {
  /** An inline script; `sendPage` must be given the same, or the browser refuses it. Nothing may depend on it. */
  script?: string | undefined
  /** For tables: a wider column. */
  wide?: boolean | undefined
  /** What stands small below, such as who is signed in. */
  footer?: Piece
}

/**
 * A page of the product, in its one style.
 * @param title plain text
 * @param main what stands in it, beginning with its heading
 */
export function page(title: string, main: Markup, { script, wide, footer }: PageOptions = {}): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · hatstand</title>
<style>${trusted(style)}</style>
</head>
<body${wide && trusted(' class="wide"')}>
<header><a class="wordmark" href="/">${mark}hatstand</a></header>
<main>
${main}
</main>
${footer && markup`<footer>${footer}</footer>\n`}${script && markup`<script>${trusted(script)}</script>\n`}</body>
</html>
`.html
}

/** One field of a form, as a page shows it. `value` is shown again; never give it a password. */
interface Field {
  name: string
  label: string
  /** `text` unless given. */
  type?: 'text' | 'password' | 'email'
  value?: string
  /** What the browser may fill in: `username`, `current-password`, `new-password`, `one-time-code`. */
  autocomplete: string
  /** It may be left empty. */
  optional?: boolean
  hint?: string | undefined
  /** What is wrong with it, as a sentence. The first field with a problem gets the cursor. */
  problem?: string | undefined
  focus?: boolean
  /** More attributes, written by this program: `minlength="10"`. */
  attributes?: string
}

/** A labelled field; its hint and problem are read out with it. */
export function field(asked: Field): Markup {
  const { name, label, type = 'text', value, hint, problem } = asked
  const described = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ')
  const attributes = [
    value !== undefined && markup` value="${value}"`,
    markup` autocomplete="${asked.autocomplete}"`,
    type === 'text' && trusted(' autocapitalize="none" spellcheck="false"'),
    asked.attributes && trusted(` ${asked.attributes}`),
    problem && trusted(' aria-invalid="true"'),
    (problem ?? asked.focus) && trusted(' autofocus'),
    described && markup` aria-describedby="${described}"`,
  ]
  return markup`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}"${!asked.optional && trusted(' required')}${attributes}>
${hint && markup`<p class="hint" id="${name}-hint">${hint}</p>\n`}${problem && markup`<p class="problem" id="${name}-problem">${problem}</p>\n`}`
}

/** Tells the browser whose password a form is about, for it to keep the two together. Nobody sees it. */
export function whose(name: string): Markup {
  return markup`<input name="whose" value="${name}" autocomplete="username" hidden readonly>\n`
}

/** A text from outside within a sentence of ours: whatever the direction of its writing, what stands around it stays where it is. */
export function isolated(text: string): Markup {
  return markup`<bdi>${text}</bdi>`
}

/** What went wrong with a whole form, read out at once. Put it first in the page, and the cursor on the field to correct. */
export function alert(problem: Piece): Markup {
  return markup`<div class="alert" role="alert"><p>${problem}</p></div>`
}

/** A page that says one thing: a refusal, or that something is done. */
export function plainPage(title: string, ...paragraphs: Piece[]): string {
  return page(title, markup`<h1>${title}</h1>\n${paragraphs.map((text) => markup`<p>${text}</p>\n`)}`)
}

interface Allowed {
  /** Where the page's form may lead besides this server: origins or schemes (`formTarget`). A redirect after a form counts. */
  formAction?: readonly string[]
  /** The page's inline script. */
  script?: string | undefined
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, status: number, text: string, allowed: Allowed = {}) {
  return reply.code(status).headers(pageHeaders(allowed)).type('text/html; charset=utf-8').send(text)
}

/** With a page: nothing is loaded, run, framed or kept but what is named here. Its style and script are allowed by their hashes. */
export function pageHeaders(allowed: Allowed = {}): Record<string, string> {
  return {
    'content-security-policy': contentSecurity(allowed),
    // Not `no-referrer`: browsers would then say `Origin: null` with our own forms.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  }
}

/** What a page may do besides showing itself. */
export function contentSecurity({ formAction = [], script }: Allowed = {}): string {
  return [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    ...(script === undefined ? [] : [`script-src '${hash(script)}'`]),
    `form-action ${["'self'", ...formAction].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** What a policy calls the place a redirect leads to: its origin; its scheme where there is none, or none a policy can name. */
export function formTarget(address: string): string {
  const { origin, protocol, hostname } = new URL(address)
  return /^https?:$/.test(protocol) && isHostName(hostname) && !hostname.startsWith('[') ? origin : protocol
}

const hashes = new Map<string, string>()

function hash(text: string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const made = `sha256-${createHash('sha256').update(text).digest('base64')}`
  hashes.set(text, made)
  return made
}

/** The one style of every page of the product: light and dark by the system's choice, one column, no web font, nothing loaded. */
const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d2433, #e8eaf0); --quiet: light-dark(#566075, #a9b1c3);
  --ground: light-dark(#f4f2ee, #12151c); --card: light-dark(#fff, #1b202a); --line: light-dark(#dedad2, #343b49);
  --edge: light-dark(#7d8496, #8089a0); --accent: light-dark(#2b5a4f, #8fd0bd); --on-accent: light-dark(#fff, #0d1f1a);
  --deep: light-dark(#1e443b, #b2e2d4); --tint: light-dark(#eaf2ef, #21302d); --bad: light-dark(#a3201f, #ff9d94);
  --bad-tint: light-dark(#fdefed, #35201f); --warn: light-dark(#8a5a00, #f0c674); --warn-tint: light-dark(#fdf5e2, #322a19);
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--ground);
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 36rem; padding: 1.5rem 1rem 3rem }
body.wide { max-width: 60rem }
header { margin: 0 0 1rem }
.wordmark { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; font-size: 1.125rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none }
.wordmark svg { width: 1.5rem; height: 1.5rem; color: var(--accent) }
main { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem; overflow-wrap: anywhere; box-shadow: 0 1px 2px #0000000d }
main > :first-child { margin-top: 0 }
main > :last-child { margin-bottom: 0 }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; margin: 0 0 .75rem; text-wrap: balance }
h2 { font-size: 1.0625rem; line-height: 1.35; margin: 1.75rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .75rem 0 }
ul, ol, dl { margin: .75rem 0; padding-left: 1.25rem }
li { margin: .25rem 0 }
dl { padding: 0 } dt { color: var(--quiet); font-size: .9375rem } dd { margin: 0 0 .5rem }
a { color: var(--accent); text-underline-offset: .15em } a:hover { color: var(--deep) }
.quiet, .hint { color: var(--quiet); font-size: .9375rem }
label { display: block; font-weight: 600; margin-top: 1.25rem }
.choice { display: flex; gap: .625rem; align-items: baseline; font-weight: 400; margin-top: .75rem }
input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea {
  display: block; width: 100%; margin-top: .375rem; padding: .625rem .75rem; min-height: 2.75rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--edge); border-radius: .5rem }
input[type=checkbox], input[type=radio] { width: 1.125rem; height: 1.125rem; accent-color: var(--accent); flex: none; align-self: center }
[aria-invalid=true] { border: 2px solid var(--bad) !important }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.hint, .problem { margin: .375rem 0 0 }
.problem { color: var(--bad); font-weight: 600 } .problem:not(:empty)::before { content: "⚠ " / "" }
.alert, .note, .done { margin: 0 0 1.25rem; padding: .75rem 1rem; border-radius: .5rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); background: var(--tint) }
.alert { border-left-color: var(--bad); background: var(--bad-tint) } .note.strong { border-left-color: var(--warn); background: var(--warn-tint) }
.alert > :first-child, .note > :first-child, .done > :first-child { margin-top: 0 } .alert > :last-child, .note > :last-child, .done > :last-child { margin-bottom: 0 }
button, .button { display: inline-block; font: inherit; font-weight: 600; line-height: 1.4; text-align: center; text-decoration: none; cursor: pointer;
  padding: .625rem 1.375rem; min-height: 2.75rem; border-radius: .5rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent) }
button:hover, .button:hover { background: var(--deep); border-color: var(--deep); color: var(--on-accent) }
button.second, .button.second { background: transparent; color: var(--accent) } button.second:hover, .button.second:hover { background: var(--tint); color: var(--deep) }
button.danger { background: transparent; border-color: var(--bad); color: var(--bad) } button.danger:hover { background: var(--bad-tint) }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.75rem 0 0 }
form > button { margin-top: 1.75rem }
ul.inline { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0 }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
pre { overflow-x: auto; overflow-wrap: normal; padding: .875rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--ground) }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } caption { text-align: left; font-weight: 600 }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .5rem } article { margin: 2rem 0 3rem } h4 { margin: 1.25rem 0 .25rem }
:is(p, li, td) code { overflow-wrap: anywhere }
.scrolls { overflow-x: auto; overflow-wrap: normal }
.rows { list-style: none; padding: 0; margin: 1rem 0 } .rows > li { margin: 0; padding: .75rem 0; border-top: 1px solid var(--line) }
.rows > li:last-child { border-bottom: 1px solid var(--line) }
.between { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline }
.code { font: 600 1.125rem/1.6 ui-monospace, SFMono-Regular, Menlo, monospace; letter-spacing: .04em }
ol.code { padding-left: 3rem }
[hidden] { display: none !important }
footer { margin: 1rem .25rem 0; color: var(--quiet); font-size: .875rem }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 2rem } main { padding: 1.25rem 1.125rem }
  .actions { flex-direction: column } .actions > *, form > button, .actions button { width: 100% }
}
@media print { main { border: 0; box-shadow: none } }
`

/** Text that may stand in a page as it is. Made by the `markup` tag alone. */
export interface Markup {
  readonly html: string
}

/** What may stand in a page: texts are escaped; a missing value and false stand for nothing. */
type Piece = Markup | string | number | undefined | false | readonly Piece[]

/**
 * A piece of a page. Every value put into it is escaped, unless it is a piece itself: what came from outside never becomes markup,
 * in text and in quoted attributes alike.
 */
export function markup(parts: TemplateStringsArray, ...values: Piece[]): Markup {
  return { html: parts.map((part, index) => part + written(values[index])).join('') }
}

/** Markup as it is: only for what this program wrote itself. */
export function trusted(text: string): Markup {
  return { html: text }
}

function written(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece))
  return 'html' in piece ? piece.html : piece.map(written).join('')
}

const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? character)
}
