/**
 * Where a member's key stands in the source, quotes included, and the key as a string unless the source
 * spells it plainly.
 */
export interface Keyed {
  start: number
  keyEnd: number
  key: string | undefined
}

/** Up to this many members, sorting by hand beats the engine's own sort by far. */
const few = 16

/** Compares two keys by UTF-16 code units. */
export function compareKeys(text: string, a: Keyed, b: Keyed): number {
  if (a.key !== undefined || b.key !== undefined) return compareStrings(keyOf(text, a), keyOf(text, b))
  let i = a.start + 1
  let j = b.start + 1
  for (; i < a.keyEnd - 1 && j < b.keyEnd - 1; i += 1, j += 1) {
    const order = text.charCodeAt(i) - text.charCodeAt(j)
    if (order !== 0) return order
  }
  return a.keyEnd - i - (b.keyEnd - j)
}

/** Sorts members by key, repeated keys in the order they came; tells whether there are any. */
export function sortByKey(text: string, members: Keyed[]): boolean {
  if (members.length > few) members.sort((a, b) => compareKeys(text, a, b))
  else sortFew(text, members)
  return members.some((member, i) => i > 0 && compareKeys(text, members[i - 1] ?? member, member) === 0)
}

function sortFew(text: string, members: Keyed[]): void {
  members.forEach((member, i) => {
    let place = i
    for (; place > 0; place -= 1) {
      const before = members[place - 1] ?? member
      if (compareKeys(text, before, member) <= 0) break
      members[place] = before
    }
    members[place] = member
  })
}

function keyOf(text: string, member: Keyed): string {
  return member.key ?? text.slice(member.start + 1, member.keyEnd - 1)
}

function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
