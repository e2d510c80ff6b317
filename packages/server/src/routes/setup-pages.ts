import { alert, field, markup, type Markup, page, plainPage } from '../http/page.ts'

/** What is wrong with each field, as a sentence. */
export type Problems = {
  name?: string | undefined
  email?: string | undefined
  password?: string | undefined
  repeated?: string | undefined
}

/**
 * The form, with what was entered before and what was wrong with it. Passwords are never sent back.
 * @param hidden the code and the form's key
 */
export function formPage(
  hidden: Markup,
  entered: { name: string; email: string },
  problems: Problems,
): string {
  const failed = Object.values(problems).some((problem) => problem !== undefined)
  return page(
    failed ? 'Error: set up your personal data account' : 'Set up your personal data account',
    markup`<h1>Set up your personal data account</h1>
      ${failed && alert('Nothing is set up yet. Please correct what is marked below.')}
      <p>Choose the name and the password you will sign in with.</p>
      <form method="post" action="/setup">
        ${hidden}
        ${fields(entered, problems)}
        <button type="submit">Set up</button>
      </form>`,
  )
}

function fields(entered: { name: string; email: string }, problems: Problems): Markup {
  return markup`${field({
    name: 'name',
    label: 'Name',
    value: entered.name,
    autocomplete: 'username',
    attributes: 'maxlength="64"',
    hint: 'Letters, digits and . _ @ - only.',
    problem: problems.name,
  })}
${field({
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'new-password',
  attributes: 'minlength="10"',
  hint: 'At least 10 characters, and not easily guessed.',
  problem: problems.password,
})}
${field({
  name: 'repeated',
  label: 'Password again',
  type: 'password',
  autocomplete: 'new-password',
  problem: problems.repeated,
})}
${field({
  name: 'email',
  label: 'E-mail address (optional)',
  type: 'email',
  value: entered.email,
  autocomplete: 'email',
  optional: true,
  hint: 'Where a link to a new password goes, should you forget it.',
  problem: problems.email,
})}`
}

/** @param origin how the browser reached this server, `http://localhost:8080` */
export function donePage(name: string, origin: string): string {
  return page(
    'Your personal data account is ready',
    markup`<h1>Your personal data account is ready</h1>
      <p>You are its owner, <strong>${name}</strong>. This link does not work again.</p>
      <p class="actions"><a class="button" href="/sign-in">Sign in</a></p>
      <h2>Get an access token</h2>
      <p>
        Programs act for you with an access token, which they send in the header <code>X-Auth-Token</code>.
        Ask for one with your name and password:
      </p>
      <pre tabindex="0"><code>curl -H 'username: ${name}' -H 'password: YOUR PASSWORD' \\
  ${origin}/users/access_token</code></pre>
      <p>What can be done with it stands on the page <a href="/docs">about the API</a>.</p>`,
  )
}

export function refusedPage(): string {
  return plainPage(
    'This link does not work',
    'A set-up link works once, and only until the server stops. If the account has no owner yet, start the server again: it prints a new link.',
    markup`A forgotten password is replaced on the server, by <code>npx hatstand owner set NAME</code>.`,
  )
}
