import type { SecondFactors } from '../../auth/second-factors/second-factors.ts'
import { alert, field, markup, type Markup, page, whose } from '../../http/page.ts'
import type { Passkey } from '../../store/passkeys.ts'

const path = '/account/second-factors'
const title = 'Second factors'

/** What is shown of an owner's second factors. */
export interface Shown extends SecondFactors {
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
