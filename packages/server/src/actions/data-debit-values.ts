import { hiddenName } from '../auth/passwords/hidden-names.ts'
import { type Bundle, hidesTimes } from '../domain/consent/acceptance.ts'
import type { DataDebit, Permission } from '../domain/consent/data-debit.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { readBundlePart } from '../store/queries/bundles.ts'
import type { QueryContext } from '../store/queries/context.ts'
import { countList, hasAny, listOf } from '../store/queries/queries.ts'
import type { Show } from '../store/queries/rendered.ts'

/** Which conditions are met: those that have a record. */
export async function met(context: QueryContext, conditions: Bundle): Promise<Map<string, boolean>> {
  const result = new Map<string, boolean>()
  for (const [name, property] of conditions) result.set(name, await hasAny(context, property))
  return result
}

/** How records are shown to who asked for them. */
export function showFor({ secret }: DataDebit, { narrowing }: Pick<Permission, 'narrowing'>): Show {
  if (!hidesTimes(narrowing)) return shown
  return Object.assign((...of: Parameters<typeof shown>) => shown(...of), {
    nameOf: (recordId: string) => hiddenName(secret, recordId),
  })
}

/** The first records of each property, as they would leave. */
export async function sample(
  context: QueryContext,
  debit: DataDebit,
  permission: Permission,
  bundle: Bundle,
  take: number,
): Promise<string> {
  const less = new Map(
    Array.from(bundle, ([name, property]) => [
      name,
      { ...property, limit: Math.min(take, property.limit ?? Infinity) },
    ]),
  )
  const stretch = { take: Infinity, after: undefined }
  return (await readBundlePart(context, less, showFor(debit, permission), stretch)).text
}

/** How many records of each property would leave. */
export async function counted(context: QueryContext, bundle: Bundle): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const [name, property] of bundle) {
    const all = property.limit === 0 ? 0 : await countList(context, listOf(property))
    counts.set(name, Math.min(all, property.limit ?? Infinity))
  }
  return counts
}
