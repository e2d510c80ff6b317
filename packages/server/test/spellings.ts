import fc from 'fast-check'

/**
 * A JSON value apart from how it is spelt: a number is `digits` times ten to the power of `exponent`, keys
 * may repeat.
 */
export type Model =
  | null
  | boolean
  | string
  | { digits: bigint; exponent: number }
  | Model[]
  | { members: [key: string, value: Model][] }

/** A number between 0 and 1, again and again. */
type Chance = () => number

const unit = fc.constantFrom(
  'a',
  'b',
  'A',
  '"',
  '\\',
  '/',
  '\u0000',
  '\n',
  '\u001f',
  'é',
  '\uffff',
  '\ud83d',
  '\ude00',
  '😀',
)
const text = fc.array(unit, { maxLength: 3 }).map((units) => units.join(''))
const integer = fc.oneof(fc.bigInt(-20n, 20n), fc.bigInt(-(10n ** 24n), 10n ** 24n))
const number = fc.record({ digits: integer, exponent: fc.integer({ min: -25, max: 25 }) })

/** Values small and alike enough that two of them are often equal. */
export const scalars: fc.Arbitrary<Model> = fc.oneof(fc.constantFrom(null, true, false), text, number)

export const models: fc.Arbitrary<Model> = fc.letrec<{ model: Model }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 3 },
    scalars,
    fc.array(tie('model'), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie('model')), { maxLength: 4 }).map((members) => ({ members })),
  ),
})).model

/**
 * The value as JSON text, in one of its many spellings: white space, order of different keys, escapes, points
 * and exponents.
 *
 * @param seed the same for the same spelling
 */
export function spell(model: Model, seed: number): string {
  let state = seed + 1
  return spelling(model, () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  })
}

function spelling(model: Model, chance: Chance): string {
  if (model === null || typeof model === 'boolean') return String(model)
  if (typeof model === 'string') return spellString(model, chance)
  if ('digits' in model) return spellNumber(model.digits, model.exponent, chance)
  if (Array.isArray(model))
    return `[${space(chance)}${model.map((item) => spelling(item, chance)).join(comma(chance))}]`
  const members = shuffled(model.members, chance).map(
    ([key, value]) =>
      spellString(key, chance) + space(chance) + ':' + space(chance) + spelling(value, chance),
  )
  return `{${space(chance)}${members.join(comma(chance))}${space(chance)}}`
}

function space(chance: Chance): string {
  return chance() < 0.8 ? '' : (['  ', '\n', '\t', '\r\n '][Math.floor(chance() * 4)] ?? '')
}

function comma(chance: Chance): string {
  return `${space(chance)},${space(chance)}`
}

/** Repeated keys keep their order among themselves. */
function shuffled(members: [string, Model][], chance: Chance): [string, Model][] {
  const ranks = new Map(members.map(([key]) => [key, chance()]))
  return members.toSorted(([a], [b]) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
}

function spellString(value: string, chance: Chance): string {
  const units = value.split('').map((character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0')
    if (chance() < 0.2) return `\\u${chance() < 0.5 ? hex : hex.toUpperCase()}`
    if (character === '/' && chance() < 0.5) return '\\/'
    return character < ' ' || character === '"' || character === '\\'
      ? JSON.stringify(character).slice(1, -1)
      : character
  })
  return `"${units.join('')}"`
}

function spellNumber(digits: bigint, exponent: number, chance: Chance): string {
  const unsigned = String(digits < 0n ? -digits : digits)
  const decimals = Math.floor(chance() * (unsigned.length + 3))
  const padded = unsigned.padStart(decimals + 1, '0')
  const zeros = '0'.repeat(Math.floor(chance() * 3))
  const cut = padded.length - decimals
  const fraction = decimals === 0 ? '' : `.${padded.slice(cut)}${zeros}`
  const sign = digits < 0n || (digits === 0n && chance() < 0.5) ? '-' : ''
  return sign + padded.slice(0, cut) + fraction + spellExponent(exponent + decimals, chance)
}

function spellExponent(exponent: number, chance: Chance): string {
  if (exponent === 0 && chance() < 0.5) return ''
  const sign = exponent < 0 ? '-' : chance() < 0.5 ? '+' : ''
  return `${chance() < 0.5 ? 'e' : 'E'}${sign}${chance() < 0.2 ? '00' : ''}${Math.abs(exponent)}`
}
