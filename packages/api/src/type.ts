import type {
  Static,
  TArray,
  TBoolean,
  TEnum,
  TInteger,
  TNull,
  TNumber,
  TObject,
  TObjectOptions,
  TOptional,
  TProperties,
  TSchema,
  TSchemaOptions,
  TString,
  TUnion,
  TUnknown,
} from 'typebox'

export type { Static, TSchema }

const optional = Symbol('optional')

function object<P extends TProperties>(properties: P, options: TObjectOptions = {}): TObject<P> {
  const required = Object.keys(properties).filter((key) => !(optional in (properties[key] as object)))
  return {
    ...options,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
  } as unknown as TObject<P>
}

/**
 * Builds JSON Schema: the part of TypeBox's `Type` that the API needs, with TypeBox's types. TypeBox itself is used for
 * types only: importing its builder takes 70 to 170 ms and 20 MB at every start, and these twelve functions make the same schemas.
 */
export const Type = {
  Object: object,
  /** A property that may be left out. */
  Optional: <T extends TSchema>(schema: T): TOptional<T> =>
    ({ ...schema, [optional]: true }) as unknown as TOptional<T>,
  /** An object whose keys are not known beforehand. */
  Map: <T extends TSchema>(values: T, options: TSchemaOptions = {}) =>
    ({ ...options, type: 'object', additionalProperties: values }) as unknown as TSchema & {
      '~unsafe': Record<string, Static<T>>
    },
  Array: <T extends TSchema>(items: T, options: TSchemaOptions = {}): TArray<T> =>
    ({ ...options, type: 'array', items }) as unknown as TArray<T>,
  Union: <T extends TSchema[]>(anyOf: [...T], options: TSchemaOptions = {}): TUnion<T> =>
    ({ ...options, anyOf }) as unknown as TUnion<T>,
  Enum: <const T extends string[]>(values: readonly [...T], options: TSchemaOptions = {}): TEnum<T> =>
    ({ ...options, type: 'string', enum: values }) as unknown as TEnum<T>,
  String: (options: TSchemaOptions = {}): TString => ({ ...options, type: 'string' }) as unknown as TString,
  Integer: (options: TSchemaOptions = {}): TInteger =>
    ({ ...options, type: 'integer' }) as unknown as TInteger,
  Number: (options: TSchemaOptions = {}): TNumber => ({ ...options, type: 'number' }) as unknown as TNumber,
  Boolean: (options: TSchemaOptions = {}): TBoolean =>
    ({ ...options, type: 'boolean' }) as unknown as TBoolean,
  Null: (options: TSchemaOptions = {}): TNull => ({ ...options, type: 'null' }) as unknown as TNull,
  Unknown: (options: TSchemaOptions = {}): TUnknown => ({ ...options }) as unknown as TUnknown,
  /** A schema that is written elsewhere under this `$id`, in itself for instance. */
  Ref: ($ref: string): TUnknown => ({ $ref }) as unknown as TUnknown,
}
