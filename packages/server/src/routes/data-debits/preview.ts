import { previewDataDebit } from '@hatstand/api/data-debits.ts'
import { counted, met, sample } from '../../actions/data-debit-values.ts'
import { allowed, malformed, orMalformed } from '../../actions/data-debits.ts'
import type { App, Context } from '../../context.ts'
import { endpointsIn, disclosureBy, narrowingIn } from '../../domain/consent/acceptance.ts'
import { type DataDebit, openPermission, type Permission, decides } from '../../domain/consent/data-debit.ts'
import { within } from '../../domain/consent/proposal.ts'
import { ApiError } from '../../errors.ts'
import { sendJson } from '../../http/answers.ts'
import { queryContextOf } from '../../ledger/reading.ts'
import { findDebit, markSeen } from '../../store/consent/data-debits.ts'
import { objectText, readPreview } from './json.ts'
import { asRefusal } from './values.ts'

/** The most records of a property that a preview shows. */
const maxShown = 1000

/** What would leave, for who decides. */
export function previewRoutes(app: App, context: Context): void {
  const { database } = context
  app.post(previewDataDebit.path, { schema: previewDataDebit }, async (request, reply) => {
    if (!decides(request.caller)) throw new ApiError('forbidden', 'Only the owner sees what would leave')
    const { dataDebit: id } = request.params
    const { pda } = request.account
    const { value, text } = await readPreview(request)
    const debit = allowed(request, id, await database.of(pda).read((unit) => findDebit(unit, id)))
    const asked = chosen(debit, value.permission)
    const permission = { ...asked, narrowing: narrowingIn(text) ?? asked.narrowing }
    const { bundle, conditions } = orMalformed(() => within('narrowing', () => disclosureBy(permission)))
    await database.of(pda).write((unit) => markSeen(unit, id, asked.number))
    const about = { dataDebit: id, endpoints: endpointsIn(bundle) }
    const queries = queryContextOf(request, context, 'query', about)
    const take = Math.min(Number(request.query.take), maxShown)
    try {
      const shown = await sample(queries, debit, permission, bundle, take)
      const counts = await counted(queries, bundle)
      const first = objectText({
        permission: String(asked.number),
        conditions: conditions && JSON.stringify(Object.fromEntries(await met(queries, conditions))),
        bundle: shown,
        counts: JSON.stringify(Object.fromEntries(counts)),
      })
      return await sendJson(reply, { first, rest: undefined })
    } catch (error) {
      throw asRefusal(error, id)
    }
  })
}

function chosen(debit: DataDebit, number: number | undefined): Permission {
  const permission = number === undefined ? openPermission(debit) : debit.permissions[number - 1]
  if (!permission) throw malformed(`permission must be 1 to ${debit.permissions.length}`)
  return permission
}
