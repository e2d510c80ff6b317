import { alert, field, markup, type Markup, page, whose } from '../http/page.ts'

/** What is wrong with each field, as a sentence. */
export interface PasswordProblems {
  password?: string
  new?: string
  repeated?: string
}

const back = markup`<p><a href="/account">Back to your account</a></p>`

/** Passwords are never sent back. @param hidden the form's key @param name the owner's */
export function changePage(hidden: Markup, name: string, problems: PasswordProblems): string {
  return page(
    titled('Change your password', problems),
    markup`<h1>Change your password</h1>
${isWrong(problems) && alert('Your password was not changed. Please correct what is marked below.')}
<p>Every other browser, and every program that signed in as you, is signed out. What applications were given stays theirs.</p>
<form method="post" action="/account/password">
${hidden}${whose(name)}${field({ name: 'password', label: 'Present password', type: 'password', autocomplete: 'current-password', problem: problems.password })}
${chosen(problems)}
<button type="submit">Change the password</button>
</form>
${back}`,
  )
}

/** @param token what the link carries @param name the owner's */
export function resetPage(hidden: Markup, token: string, name: string, problems: PasswordProblems): string {
  return page(
    titled('Choose a new password', problems),
    markup`<h1>Choose a new password</h1>
${isWrong(problems) && alert('Your password was not changed. Please correct what is marked below.')}
<p>Every browser and program that signed in as you is signed out. What applications were given stays theirs.</p>
<form method="post" action="/auth/change-password/${token}">
${hidden}${whose(name)}${chosen(problems)}
<button type="submit">Use this password</button>
</form>`,
  )
}

/** @param signedIn whether this browser still is */
export function changedPage(signedIn: boolean): string {
  return page(
    'Your password was changed',
    markup`<h1>Your password was changed</h1>
<p>Use the new one from now on.</p>
<p class="actions">${
      signedIn
        ? markup`<a class="button" href="/account">Back to your account</a>`
        : markup`<a class="button" href="/sign-in">Sign in</a>`
    }</p>`,
  )
}

/** @param sends whether this server can send mail */
export function forgottenPage(hidden: Markup, sends: boolean, email: string, problem?: string): string {
  const title = 'Forgotten your password?'
  const byHand = markup`Whoever runs this server can make a link to a new password there: <code>npx hatstand owner reset-link</code>`
  if (!sends)
    return page(
      title,
      markup`<h1>${title}</h1>
<p>This server sends no mail. ${byHand}</p>
<p><a href="/sign-in">Back to signing in</a></p>`,
    )
  return page(
    problem === undefined ? title : `Error: ${title}`,
    markup`<h1>${title}</h1>
<p>A link to a new password comes to the e-mail address the account knows.</p>
<form method="post" action="/forgot-password">
${hidden}${field({ name: 'email', label: 'E-mail address', type: 'email', value: email, autocomplete: 'email', problem })}
<button type="submit">Send the link</button>
</form>
<p class="quiet">No mail comes? ${byHand}</p>
<p class="quiet"><a href="/sign-in">Back to signing in</a></p>`,
  )
}

function chosen(problems: PasswordProblems): Markup {
  return markup`${field({
    name: 'new',
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    attributes: 'minlength="10"',
    hint: 'At least 10 characters, and not easily guessed.',
    problem: problems.new,
  })}
${field({ name: 'repeated', label: 'New password again', type: 'password', autocomplete: 'new-password', problem: problems.repeated })}`
}

function isWrong(problems: PasswordProblems): boolean {
  return Object.values(problems).some((problem) => problem !== undefined)
}

function titled(title: string, problems: PasswordProblems): string {
  return isWrong(problems) ? `Error: ${title.toLowerCase()}` : title
}
