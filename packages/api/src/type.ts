/** A JSON Schema that describes values of the type `T`: the property is for the compiler, no schema has it. */
export interface TSchema<T = unknown> {
  readonly '~type': T
}

/** A property that may be left out. */
export interface TOptional<T> extends TSchema<T> {
  readonly '~optional': true
}

/** The type of what a schema describes. */
export type Static<S> = S extends TSchema<infer T> ? T : never

type Properties = Record<string, TSchema>
type OptionalKey<P extends Properties> = {
  [K in keyof P]: P[K] extends TOptional<unknown> ? K : never
}[keyof P]
/** The `infer` makes the compiler write out the members wherever it shows the type: a reader of the SDK sees these, not the schema. */
type Members<P extends Properties> = {
  [K in Exclude<keyof P, OptionalKey<P>>]: Static<P[K]>
} & { [K in OptionalKey<P>]?: Static<P[K]> } extends infer All
  ? { [K in keyof All]: All[K] }
  : never

/** Further members of a schema: limits, descriptions, `$id`. */
type Options = Record<string, unknown>

const optional = Symbol('optional')

function schema<T>(members: object): TSchema<T> {
  return members as TSchema<T>
}

function object<P extends Properties>(properties: P, options: Options = {}): TSchema<Members<P>> {
  const required = Object.keys(properties).filter((key) => !(optional in (properties[key] as object)))
  return schema({ ...options, type: 'object', ...(required.length > 0 && { required }), properties })
}

/**
 * Builds JSON Schema and its type at once: the part of TypeBox's `Type` that the API needs, spelled as there, in twelve
 * functions. TypeBox itself takes 70 to 170 ms and 20 MB at every start, and its types would be in every program that uses the SDK.
 */
export const Type = {
  Object: object,
  /** A property that may be left out. */
  Optional: <T>(one: TSchema<T>): TOptional<T> => ({ ...one, [optional]: true }) as unknown as TOptional<T>,
  /** An object whose keys are not known beforehand. */
  Map: <T>(values: TSchema<T>, options: Options = {}) =>
    schema<Record<string, T>>({ ...options, type: 'object', additionalProperties: values }),
  Array: <T>(items: TSchema<T>, options: Options = {}) => schema<T[]>({ ...options, type: 'array', items }),
  Union: <S extends TSchema[]>(anyOf: [...S], options: Options = {}) =>
    schema<Static<S[number]>>({ ...options, anyOf }),
  Enum: <const T extends string>(values: readonly T[], options: Options = {}) =>
    schema<T>({ ...options, type: 'string', enum: values }),
  String: (options: Options = {}) => schema<string>({ ...options, type: 'string' }),
  Integer: (options: Options = {}) => schema<number>({ ...options, type: 'integer' }),
  Number: (options: Options = {}) => schema<number>({ ...options, type: 'number' }),
  Boolean: (options: Options = {}) => schema<boolean>({ ...options, type: 'boolean' }),
  Null: (options: Options = {}) => schema<null>({ ...options, type: 'null' }),
  Unknown: (options: Options = {}) => schema<unknown>({ ...options }),
  /** A schema that is written elsewhere under this `$id`, in itself for instance. */
  Ref: ($ref: string) => schema<unknown>({ $ref }),
}
