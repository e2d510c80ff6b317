import { sessionOf } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { markup, page, sendPage } from '../../http/page.ts'
import { findOwner } from '../../store/access/owners.ts'
import { hiddenFields, pages } from '../forms.ts'
import { signInFirst } from '../sign-in.ts'

/** `GET /account`: where the owner finds what belongs to the account. */
export function accountPageRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    scope.get('/account', async (request, reply) => {
      const session = await sessionOf(context, request)
      if (session === undefined) return signInFirst(request, reply)
      const { pda, domain } = session.account
      const owner = await context.database.read((unit) => findOwner(unit, pda))
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
