import type { FastifyReply, FastifyRequest } from 'fastify'
import { disable } from '../../actions/applications.ts'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { newRoles, rolesOf, parseDefinition } from '../../domain/access/definition.ts'
import { isolated, markup, type Markup, page, sendPage } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { type Application, listApplications } from '../../store/access/applications.ts'
import { roleInWords } from '../consent.ts'
import { formOf, hiddenFields, pages, sendOn } from '../forms.ts'
import { ownersPage } from '../sign-in.ts'

const path = '/account/applications'

/** `/account/applications`: what each application may do, and disabling it. */
export function accountApplicationRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    const forOwner = ownersPage(context)
    scope.get(
      path,
      forOwner((request, reply, session) => show(context, request, reply, session)),
    )
    scope.post(
      path,
      forOwner(async (request, reply, session) => {
        const { pda } = session.account
        const id = formOf(request).get('disable') ?? ''
        const entry = entryOfPage(request, context, session, 'disable', { application: id.slice(0, 200) })
        await disable(context.database.of(pda), id, entry, context.now())
        return sendOn(reply, path)
      }),
    )
  })
}

/** The name of an application for people: its definition's. */
export function nameIn({ id, definition }: Application): string {
  return parseDefinition(definition).info.name || id
}

async function show(context: Context, request: FastifyRequest, reply: FastifyReply, session: Session) {
  const { pda } = session.account
  const all = await context.database.of(pda).read((unit) => listApplications(unit))
  const [enabled, others] = [all.filter((one) => one.enabled), all.filter((one) => !one.enabled)]
  const main = markup`<h1>Applications</h1>
<p>What you gave to applications. One that you disable can do nothing from its next request on; what it wrote stays.</p>
${enabled.length === 0 && markup`<p>No application has access to your data.</p>`}
<form method="post" action="${path}">
${hiddenFields(context, request, reply)}${enabled.length > 0 && markup`<ul class="rows">\n${enabled.map(shown)}</ul>`}
</form>
${others.length > 0 && markup`<h2>Without access</h2>\n<ul class="rows">\n${others.map((one) => markup`<li><strong>${isolated(nameIn(one))}</strong> <span class="quiet">${one.id} ${one.version}, ${one.setupVersion === undefined ? 'never set up' : 'disabled'}</span></li>\n`)}</ul>`}
<p><a href="/account">Back to your account</a></p>`
  return sendPage(reply, 200, page('Applications', main, { wide: true }))
}

function shown(application: Application): Markup {
  const { id, setupVersion, roles, definition } = application
  const asked = newRoles(rolesOf(parseDefinition(definition)), roles)
  const name = nameIn(application)
  return markup`<li class="between"><div><strong>${isolated(name)}</strong> <span class="quiet">${id} ${setupVersion}</span><br>It may ${inWords(application)}.
${asked.length > 0 && markup`<br><span class="quiet">It asks for more now, and gets it only if you accept.</span>`}</div>
<button type="submit" class="danger" name="disable" value="${id}" aria-label="Disable ${name}">Disable</button></li>
`
}

function inWords({ roles }: Application): string {
  const named = (wanted: string) => roles.filter(({ role }) => role === wanted).map(({ detail }) => detail)
  const [reads, writes] = [named('namespaceread'), named('namespacewrite')]
  const others = roles.filter(({ role }) => role !== 'namespaceread' && role !== 'namespacewrite')
  const parts = [
    ...(reads.length > 0 ? [`read ${reads.join(', ')}`] : []),
    ...(writes.length > 0 ? [`write ${writes.join(', ')}`] : []),
    ...others.map(roleInWords),
  ]
  return parts.join('; ') || 'touch none of your data'
}
