import { createHash } from 'node:crypto'

/** What is wrong with each field, as a sentence. */
export type Problems = {
  name?: string | undefined
  password?: string | undefined
  repeated?: string | undefined
}

const style = `
:root { color-scheme: light dark; font: 1.0625rem/1.5 system-ui, sans-serif; color: light-dark(#1a1a1a, #eee); background: light-dark(#fff, #161616) }
a { color: light-dark(#04a, #9cf) }
body { max-width: 32rem; margin: 0 auto; padding: 1.5rem 1rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
label { display: block; font-weight: 600; margin-top: 1rem }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; border: 1px solid light-dark(#767676, #999); border-radius: .25rem }
input[aria-invalid=true] { border: 2px solid light-dark(#c00, #f77) }
:focus-visible { outline: 3px solid light-dark(#36c, #9cf); outline-offset: 2px }
.hint, .problem { margin: .25rem 0 0 }
.problem::before { content: "⚠ " }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .625rem 1.25rem }
pre { overflow-x: auto; padding: .75rem; border: 1px solid light-dark(#767676, #999); border-radius: .25rem }
`

const styleHash = createHash('sha256').update(style).digest('base64')

/** No script, no other origin, no frame around it; the one style sheet inside is allowed by its hash. */
export const contentSecurity = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** The form, with what was entered before and what was wrong with it. Passwords are never sent back. */
export function formPage(entered: { code: string; name: string }, problems: Problems): string {
  const failed = Object.values(problems).some((problem) => problem !== undefined)
  return page(
    failed ? 'Error: set up your personal data account' : 'Set up your personal data account',
    `<h1>Set up your personal data account</h1>
<p>Choose the name and the password you will sign in with.</p>
<form method="post" action="/setup">
<input type="hidden" name="code" value="${escaped(entered.code)}">
${field('name', 'Name', `value="${escaped(entered.name)}" maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false"`, 'Letters, digits and . _ @ - only.', problems.name)}
${field('password', 'Password', 'type="password" minlength="10" autocomplete="new-password"', 'At least 10 characters.', problems.password)}
${field('repeated', 'Password again', 'type="password" autocomplete="new-password"', '', problems.repeated)}
<button type="submit">Set up</button>
</form>`,
  )
}

/** @param origin how the browser reached this server, `http://localhost:8080` */
export function donePage(name: string, origin: string): string {
  return page(
    'Your personal data account is ready',
    `<h1>Your personal data account is ready</h1>
<p>You are its owner, <strong>${escaped(name)}</strong>. This link does not work again.</p>
<h2>Get an access token</h2>
<p>Programs act for you with an access token, which they send in the header <code>X-Auth-Token</code>. Ask for one with your name and password:</p>
<pre tabindex="0"><code>curl -H 'username: ${escaped(name)}' -H 'password: YOUR PASSWORD' \\
  ${escaped(origin)}/users/access_token</code></pre>
<p>What can be done with it stands on the page <a href="/docs">about the API</a>.</p>`,
  )
}

export function refusedPage(): string {
  return page(
    'This link does not work',
    `<h1>This link does not work</h1>
<p>A set-up link works once, and only until the server stops. If the account has no owner yet, start the server again: it prints a new link.</p>
<p>A forgotten password is replaced on the server, by <code>npx hatstand owner set NAME</code>.</p>`,
  )
}

function field(
  name: string,
  label: string,
  attributes: string,
  hint: string,
  problem: string | undefined,
): string {
  const described = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ')
  const invalid = problem ? ' aria-invalid="true" autofocus' : ''
  return `<label for="${name}">${label}</label>
<input id="${name}" name="${name}" ${attributes} required${invalid}${described && ` aria-describedby="${described}"`}>
${hint && `<p class="hint" id="${name}-hint">${hint}</p>`}
${problem ? `<p class="problem" id="${name}-problem">${escaped(problem)}</p>` : ''}`
}

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · hatstand</title>
<style>${style}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`
}

function escaped(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? character)
}
