import { alert, field, markup, type Markup, page } from '../http/page.ts'

/**
 * @param hidden where to go afterwards, and the form's key
 * @param problem why it did not work, as a sentence
 */
export function signInPage(
  domain: string,
  hidden: Markup,
  name: string,
  { passkey, script }: { passkey?: Markup | undefined; script?: string | undefined },
  problem?: string,
): string {
  return page(
    problem === undefined ? 'Sign in' : 'Error: sign in',
    markup`<h1>Sign in</h1>
${problem && alert(problem)}
<p>To the personal data account <strong>${domain}</strong>.</p>
<form method="post" action="/sign-in">
${hidden}${field({ name: 'name', label: 'Name', value: name, autocomplete: 'username', focus: name === '', attributes: 'maxlength="200"' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: name !== '' })}
<button type="submit">Sign in</button>
</form>
${passkey}
<p class="quiet"><a href="/forgot-password">Forgotten your password?</a></p>`,
    { script },
  )
}

/**
 * The second step, by a code.
 * @param codes whether there is an authenticator program, beside recovery codes
 * @param passkey what offers a passkey instead, made where passkeys are
 */
export function secondFactorPage(
  hidden: Markup,
  { codes, passkey, script }: { codes: boolean; passkey?: Markup | undefined; script?: string | undefined },
  problem?: string,
): string {
  return page(
    problem === undefined ? 'Second step' : 'Error: second step',
    markup`<h1>Second step</h1>
${problem && alert(problem)}
${passkey}
<form method="post" action="/sign-in/second-factor">
${hidden}${field({
      name: 'code',
      label: codes ? 'Code' : 'Recovery code',
      autocomplete: 'one-time-code',
      focus: passkey === undefined,
      attributes: 'maxlength="64"',
      hint: codes
        ? 'The six digits your authenticator program shows, or one of your recovery codes.'
        : 'One of those you kept for a day without your passkey.',
    })}
<button type="submit">Go on</button>
</form>
<p class="quiet"><a href="/sign-in">Start again</a></p>`,
    { script },
  )
}

/** @param hidden the form's key @param name the owner's; undefined when nobody is signed in */
export function signOutPage(hidden: Markup, name: string | undefined): string {
  return page(
    'Sign out',
    name === undefined
      ? markup`<h1>You are signed out</h1>
<p class="actions"><a class="button" href="/sign-in">Sign in</a></p>`
      : markup`<h1>Sign out?</h1>
<p>You are signed in as <strong>${name}</strong> in this browser.</p>
<form method="post" action="/sign-out">
${hidden}<p class="actions"><button type="submit">Sign out</button>
<a class="button second" href="/account">Stay</a></p>
</form>`,
  )
}
