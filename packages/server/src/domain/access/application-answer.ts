import { members, skipSpace, stringText } from '@hatstand/api/json.ts'
import { noLogo } from './definition.ts'

/** An edit of a text: what stands in the span is replaced. */
interface Edit {
  start: number
  end: number
  text: string
}

/**
 * A definition as clients of the HAT API are answered: as it was registered, byte for byte, but that a value without effect stands
 * where the API lets one be left out or empty and official clients look at it unasked. One definition without it would blank the
 * page that lists all applications.
 * @param text a definition that was checked
 */
export function definitionAnswered(text: string): string {
  const whole = skipSpace(text, 0)
  const edits = [
    ...absent(text, at(text, whole, 'info'), 'rating', '{"score":"","points":0}'),
    ...absent(text, at(text, whole, 'info', 'updateNotes'), 'notes', '[]'),
    ...absent(text, at(text, whole, 'setup'), 'validRedirectUris', '[]'),
    ...empty(text, at(text, whole, 'info', 'graphics', 'logo', 'normal')),
  ]
  return edits
    .toSorted((one, other) => other.start - one.start)
    .reduce((made, edit) => made.slice(0, edit.start) + edit.text + made.slice(edit.end), text)
}

/** Where the member of a member ... of the object at an offset begins; undefined where there is none. */
function at(text: string, object: number, ...path: string[]): number | undefined {
  return path.reduce<number | undefined>(
    (start, key) => (start === undefined ? undefined : memberAt(text, start, key)),
    object,
  )
}

/** Of repeated keys the last counts. */
const memberAt = (text: string, object: number, key: string) =>
  [...members(text, object)].findLast((member) => member.key === key)?.start

/** The edit that gives an object a member it lacks. */
function absent(text: string, object: number | undefined, key: string, value: string): Edit[] {
  if (object === undefined || memberAt(text, object, key) !== undefined) return []
  const inside = object + 1
  const comma = text[skipSpace(text, inside)] === '}' ? '' : ','
  return [{ start: inside, end: inside, text: `"${key}":${value}${comma}` }]
}

/** The edit that gives an empty address of a picture that of one. */
function empty(text: string, start: number | undefined): Edit[] {
  if (start === undefined || !text.startsWith('""', start)) return []
  return [{ start, end: start + 2, text: stringText(noLogo) }]
}
