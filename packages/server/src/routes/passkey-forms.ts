import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyRequest } from 'fastify'
import { hostOf } from '../auth/authenticate.ts'
import { passkeysWorkAt, signInQuestion } from '../auth/second-factors/passkeys.ts'
import { secondFactorsOf } from '../auth/second-factors/second-factors.ts'
import type { Context } from '../context.ts'
import { markup, type Markup, trusted } from '../http/page.ts'
import { accountOfPage } from '../pages/forms.ts'

/** A form that only a script can fill in, and the script. Without one it is not seen, and nothing depends on it. */
export interface PasskeyForm {
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
