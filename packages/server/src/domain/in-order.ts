/**
 * Things in the order of a text of theirs, by UTF-16 code units: the same everywhere, while an engine's own order of texts depends on
 * the language it was set up for.
 */
export function inOrder<T>(things: readonly T[], textOf: (thing: T) => string): T[] {
  return things.toSorted((one, other) => {
    const [a, b] = [textOf(one), textOf(other)]
    if (a === b) return 0
    return a < b ? -1 : 1
  })
}
