import { namespaceOf } from '@hatstand/api/endpoint-name.ts'
import { type EndpointCount, listSources as api } from '@hatstand/api/endpoints.ts'
import type { App, Context } from '../context.ts'
import { hasRole, mayRead } from '../domain/access/rights.ts'
import { appendRead } from '../ledger/entries.ts'
import { listSources } from '../store/records/sources.ts'

/** `GET /data/sources`: which endpoints hold records, of the namespaces the caller may read; of all for `platform`. */
export function endpointRoutes(app: App, context: Context): void {
  const { database } = context
  app.get(api.path, { schema: api }, async (request) => {
    const sources = await database.of(request.account.pda).read((unit) => listSources(unit))
    const counts = request.query.counts === 'true'
    const all = hasRole(request.caller, 'platform')
    // Without a prototype, so that no namespace's name means anything else.
    const answer: Record<string, string[] | Record<string, EndpointCount>> = Object.create(null)
    for (const { name, records, bytes, changed_at } of sources) {
      const namespace = namespaceOf(name)
      if (!all && !mayRead(request.caller, namespace)) continue
      const path = name.slice(namespace.length + 1)
      if (!counts) ((answer[namespace] ??= []) as string[]).push(path)
      else
        ((answer[namespace] ??= Object.create(null)) as Record<string, EndpointCount>)[path] = {
          records,
          bytes,
          lastChanged: new Date(changed_at).toISOString(),
        }
    }
    await appendRead(request, context, { detail: { what: 'names of endpoints' } })
    return answer
  })
}
