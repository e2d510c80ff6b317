import manifest from '../../package.json' with { type: 'json' }
import { sessionOf } from '../auth/sessions.ts'
import type { Account, App, Context } from '../context.ts'
import { markup, page, sendPage } from '../http/page.ts'
import { isPerson, pages } from '../pages/forms.ts'

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
