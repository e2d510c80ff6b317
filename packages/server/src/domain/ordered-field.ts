import { parsePath, PathError } from './field-path.ts'
import type { Mapping } from './queries/mapping.ts'
import { QueryError } from './query-error.ts'

/**
 * The path in the data that `orderBy` names: where the mapping has exactly this key, the source of its value, otherwise the path
 * itself (HAT API v2.6, merging several endpoints).
 *
 * @throws QueryError when it is no path, or the mapping makes what it names of several values
 */
export function orderPathOf({ mapping }: { mapping?: Mapping }, orderBy: string): string[] {
  const rule = mapping?.find(({ to }) => to === orderBy)
  if (rule?.inner)
    throw new QueryError('orderBy', 'must name a field that is copied, not one that is mapped itself')
  if (rule) return rule.from
  try {
    return parsePath(orderBy)
  } catch (error) {
    if (error instanceof PathError) throw new QueryError('orderBy', error.message)
    throw error
  }
}
