import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyRequest } from 'fastify'
import { hostOf } from '../../auth/authenticate.ts'
import { passkeysWorkAt, signInQuestion } from '../../auth/second-factors/passkeys.ts'
import { type SecondFactors, secondFactorsOf } from '../../auth/second-factors/second-factors.ts'
import type { Context } from '../../context.ts'
import { alert, field, markup, type Markup, page, whose, trusted } from '../../http/page.ts'
import type { Passkey } from '../../store/access/second-factors.ts'
import { accountOfPage } from '../forms.ts'

const path = '/account/second-factors'
const title = 'Second factors'

/** What is shown of an owner's second factors. */
interface Shown extends SecondFactors {
  list: Passkey[]
  /** The forms' key. */
  fields: Markup
  /** The form that makes a passkey, where that can be done. */
  enrolment: Markup | undefined
  script: string | undefined
  problem: string | undefined
}

/** Which second factors there are, and what can be done with them. */
export function factorsPage(shown: Shown): string {
  const { totp, list, recoveryCodes, fields, problem, script } = shown
  const on = totp || list.length > 0
  return page(
    problem === undefined ? title : `Error: ${title.toLowerCase()}`,
    markup`<h1>${title}</h1>
${problem && alert(problem)}
<p>${
      on
        ? 'Signing in takes your password and one of these, or a passkey alone.'
        : 'At present your password alone signs you in. Whoever gets to know it can do so, too, until you add one of these.'
    }</p>
<h2>Passkeys</h2>
<p>A passkey stays in your phone, computer or security key, which lets you sign in by finger, face or PIN, without the password.</p>
${list.length > 0 && passkeyList(list, fields)}
${shown.enrolment ?? markup`<p class="quiet">Passkeys can be added only under the account's own address.</p>`}
<noscript><p class="quiet">Adding a passkey needs a script in this page, which your browser does not run.</p></noscript>
<h2>Authenticator program</h2>
${totp ? totpOn(fields) : totpOff(fields)}
${on && codesLeft(recoveryCodes, fields)}
<p><a href="/account">Back to your account</a></p>`,
    { script },
  )
}

function passkeyList(list: Passkey[], fields: Markup): Markup {
  return markup`<form method="post" action="${path}/remove">
${fields}<ul class="rows">
${list.map(
  ({ passkeyId, about, createdAt, usedAt }) => markup`<li class="between"><div><strong>${about}</strong><br>
<span class="quiet">Since ${day(createdAt)}, ${usedAt === undefined ? 'not used yet' : `last used ${day(usedAt)}`}</span></div>
<button type="submit" class="danger" name="remove" value="${passkeyId}" aria-label="Remove the passkey ${about}">Remove</button></li>
`,
)}</ul>
</form>`
}

function totpOn(fields: Markup): Markup {
  return markup`<p>Your authenticator program is set up.</p>
<form method="post" action="${path}/remove">
${fields}<button type="submit" class="danger" name="remove" value="totp">Remove the authenticator program</button>
</form>`
}

function totpOff(fields: Markup): Markup {
  return markup`<p>A program on your phone or computer shows a new code of six digits every half minute.</p>
<form method="post" action="${path}/totp">
${fields}<button type="submit" class="second">Add an authenticator program</button>
</form>`
}

function codesLeft(count: number, fields: Markup): Markup {
  return markup`<h2>Recovery codes</h2>
<p>${count === 1 ? '1 recovery code is' : `${count} recovery codes are`} left. Each signs you in once, for a day without your phone or key.</p>
<form method="post" action="${path}/recovery-codes">
${fields}<button type="submit" class="second">Make new recovery codes</button>
</form>`
}

/** What is asked before a passkey is made. */
export function enrolmentFields(fields: Markup): Markup {
  return markup`${fields}${field({
    name: 'about',
    label: 'Name of the new passkey',
    autocomplete: 'off',
    optional: true,
    attributes: 'maxlength="64"',
    hint: 'For you to know it again, such as “phone” or “blue key”.',
  })}
<button type="submit" class="second">Add a passkey</button>`
}

/** @param picture the QR code @param secret the same in base32 */
export function totpPage(hidden: Markup, picture: Markup, secret: string, problem?: string): string {
  return page(
    problem === undefined ? 'Add an authenticator program' : 'Error: add an authenticator program',
    markup`<h1>Add an authenticator program</h1>
${problem && alert(problem)}
<p>Let the program read this picture, or type the key into it.</p>
<p>${picture}</p>
<p>Key: <span class="code">${(secret.match(/.{1,4}/g) ?? []).map((four, index) => (index === 0 ? four : ` ${four}`))}</span></p>
<form method="post" action="${path}/totp/code">
${hidden}${field({
      name: 'code',
      label: 'Code',
      autocomplete: 'one-time-code',
      attributes: 'inputmode="numeric" maxlength="16"',
      focus: true,
      hint: 'The six digits the program shows now. Only then does it count.',
    })}
<p class="actions"><button type="submit">Add it</button>
<a class="button second" href="${path}">Leave it</a></p>
</form>`,
  )
}

/** Shown this once: only digests are kept. */
export function codesPage(codes: string[]): string {
  return page(
    'Your recovery codes',
    markup`<h1>Your recovery codes</h1>
<p>Print them, or keep them where you keep passwords. Each signs you in once in the place of your phone or key.</p>
<ol class="code">
${codes.map((code) => markup`<li>${code}</li>\n`)}</ol>
<p><strong>They are not shown again.</strong> Recovery codes you had before count no more.</p>
<p class="actions"><a class="button" href="${path}">I have kept them</a></p>`,
  )
}

/** Asks for the password again. @param name the owner's */
export function againPage(hidden: Markup, name: string, problem?: string): string {
  return page(
    problem === undefined ? title : `Error: ${title.toLowerCase()}`,
    markup`<h1>${title}</h1>
${problem && alert(problem)}
<p>You signed in a while ago. Before anything is changed here, please show once more that it is you.</p>
<form method="post" action="${path}/again">
${hidden}${whose(name)}${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: true })}
<button type="submit">Go on</button>
</form>
<p><a href="/account">Back to your account</a></p>`,
  )
}

/** A day for people, in UTC. */
function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

/** A form that only a script can fill in, and the script. Without one it is not seen, and nothing depends on it. */
interface PasskeyForm {
  form: Markup
  script: string
}

/** Asks the browser's authenticator when the form is sent, and sends its answer along. */
const asking = `
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const { browserSupportsWebAuthn, startAuthentication, startRegistration } = SimpleWebAuthnBrowser
  if (!browserSupportsWebAuthn()) continue
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const problem = form.querySelector('[role=alert]')
    problem.textContent = ''
    try {
      const start = form.dataset.passkey === 'create' ? startRegistration : startAuthentication
      form.elements.answer.value = JSON.stringify(await start({ optionsJSON: JSON.parse(form.dataset.question) }))
      form.submit()
    } catch (error) {
      problem.textContent = error.name === 'InvalidStateError' ? 'This device has a passkey for this account already.' : 'No passkey was given. Try again, or go on without one.'
    }
  })
}
`

/**
 * @param does what is done with the answer: a passkey made, or one used
 * @param question for the browser, JSON
 * @param inside fields and the button
 */
export async function passkeyForm(
  does: 'create' | 'get',
  action: string,
  question: string,
  inside: Markup,
): Promise<PasskeyForm> {
  const form = markup`<form method="post" action="${action}" data-passkey="${does}" data-question="${question}" hidden>
<input type="hidden" name="answer">
${inside}
<p class="problem" role="alert"></p>
</form>`
  return { form, script: await passkeyScript() }
}

/**
 * What offers to sign in by a passkey; undefined where the owner has none, or the page is not under the account's own domain.
 * @param fields the form's hidden ones
 */
export async function passkeySignIn(
  context: Context,
  request: FastifyRequest,
  fields: Markup,
): Promise<PasskeyForm | undefined> {
  const account = accountOfPage(request)
  if (!passkeysWorkAt(account, hostOf(request))) return undefined
  const { passkeys } = await secondFactorsOf(context, account.pda)
  if (passkeys === 0) return undefined
  const inside = markup`${fields}
<button type="submit" class="second">Sign in with a passkey</button>`
  return passkeyForm('get', '/sign-in/passkey', await signInQuestion(context, account), inside)
}

let read: Promise<string> | undefined

/** The browser's half of SimpleWebAuthn as it was published, and ours. */
function passkeyScript(): Promise<string> {
  read ??= bundle().then((text) => `${text}\n${asking}`)
  return read
}

async function bundle(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve('@simplewebauthn/browser'))
  const file = entry.replace(/esm[\\/]index\.js$/, 'dist/bundle/index.umd.min.js')
  return readFile(file, 'utf8')
}

/** A QR code as a picture inside the page. @param text what it says @param label what it is, for who does not see it */
export async function qrCode(text: string, label: string): Promise<Markup> {
  const { encode } = await import('uqr')
  const { data, size } = encode(text, { ecc: 'L', border: 4 })
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
  return markup`<svg class="qr" width="240" height="240" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="${label}"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${trusted(squares.join(''))}"/></svg>`
}
