import manifest from '../../../package.json' with { type: 'json' }
import { sessionOf } from '../../auth/sessions.ts'
import type { App, Context, Account } from '../../context.ts'
import { markup, page, sendPage } from '../../http/page.ts'
import { findOwner } from '../../store/access/owners.ts'
import { hiddenFields, pages, isPerson } from '../forms.ts'
import { signInFirst } from '../sign-in.ts'

/** `GET /account`: where the owner finds what belongs to the account. */
export function accountPageRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get('/account', async (request, reply) => {
      const session = await sessionOf(context, request)
      if (session === undefined) return signInFirst(request, reply)
      const { pda, domain } = session.account
      const owner = await context.database.of(pda).read((unit) => findOwner(unit))
      const main = markup`<h1>Your account</h1>
<p>You are signed in as <strong>${owner?.name}</strong> on <strong>${domain}</strong>.</p>
<ul class="rows">
${links.map(
  ([href, name, about]) =>
    markup`<li><a href="${href}"><strong>${name}</strong></a><br><span class="quiet">${about}</span></li>\n`,
)}</ul>
<form method="post" action="/sign-out">
${hiddenFields(context, request, reply)}<button type="submit" class="second">Sign out</button>
</form>`
      return sendPage(reply, 200, page('Your account', main))
    })
  })
}

const links: [href: string, name: string, about: string][] = [
  ['/account/applications', 'Applications', 'What each may read and write, and taking it back.'],
  ['/account/data-debits', 'Data debits', 'Who asks you for data, and what you let them have.'],
  ['/account/access', 'Access', 'Browsers and programs that are signed in, and signing them out.'],
  ['/account/password', 'Password', 'Choose another one.'],
  ['/account/email', 'E-mail address', 'Where a link to a new password goes.'],
  ['/account/second-factors', 'Second factors', 'Passkeys, an authenticator program, recovery codes.'],
]

/** Links of existing applications are for a page that ran a script: what they ask for stands behind the `#`, which no server sees. Whoever it runs for needs no instructions. */
const script = `
function pass() {
  if (location.hash.startsWith('#/hatlogin?')) location.replace('/hatlogin' + location.hash.slice('#/hatlogin'.length))
}
addEventListener('hashchange', pass)
pass()
document.getElementById('without-script').remove()
`

/** `GET /`: what this is, for people and for programs; it passes `/#/hatlogin?...` on to `/hatlogin?...`. */
export function frontPageRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get('/', async (request, reply) => {
      if (!isPerson(request))
        return { name: 'hatstand', version: manifest.version, docs: '/docs', openapi: '/openapi.json' }
      const signedIn = (await sessionOf(context, request)) !== undefined
      return sendPage(reply, 200, frontPage(request.account, signedIn), { script })
    })
  })
}

function frontPage(account: Account | undefined, signedIn: boolean): string {
  return page(
    'Personal data account',
    markup`<h1>A personal data account</h1>
<p>${account ? markup`At <strong>${account.domain}</strong> one person keeps` : 'Here a person keeps'} their own data, and decides which
applications may read it and add to it. What they give they can take back.</p>
<p class="actions">${
      signedIn
        ? markup`<a class="button" href="/account">Your account</a>`
        : markup`<a class="button" href="/sign-in">Sign in</a>`
    }
<a class="button second" href="/docs">About the API</a></p>
<div class="note" id="without-script"><p>Did an application send you here, to sign in to it? Without scripts this page cannot pass you on. In the address,
take out <code>#/</code>, so that it reads <code>/hatlogin?…</code> in place of <code>/#/hatlogin?…</code>, and open it.</p></div>`,
    { script },
  )
}
