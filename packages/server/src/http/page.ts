import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { isHostName } from '../domain/access/definition.ts'
import { escaped, markup, type Markup, type Piece, trusted } from '../routes/markup.ts'
import { style } from '../routes/page-style.ts'

export { escaped, markup, trusted }
export type { Markup, Piece }

/** A hat on its stand. */
const mark = trusted(
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
    '<path d="M12 11v10M8 21h8M3 10.500h18"/><path fill="currentColor" d="M7 10c-.500-4.500 0-7 1.500-7 1.500 0 2 1 3.500 1s2-1 3.500-1c1.500 0 2 2.500 1.500 7z"/></svg>',
)

export interface PageOptions {
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
export interface Field {
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

export interface Allowed {
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
