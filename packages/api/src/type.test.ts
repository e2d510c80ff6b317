import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type as Original } from 'typebox'
import { Type, type Static } from './type.ts'

/** Its types are others: here it is about the schemas. */
const TypeBox = Original as unknown as typeof Type

/** As JSON: what Fastify, the documentation and everybody else sees of a schema. */
const plain = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema))

function made(T: typeof Type) {
  return [
    T.Object({}),
    T.Object({ a: T.String({ pattern: '^x$' }), b: T.Optional(T.Integer({ minimum: 0 })) }, { $id: 'Both' }),
    T.Object({ size: T.Union([T.Number({ exclusiveMinimum: 0 }), T.Null()]) }),
    T.Object({ open: T.Unknown() }, { additionalProperties: false }),
    T.Array(T.Boolean(), { description: 'Some.' }),
    T.Union([T.String(), T.Array(T.String())], { default: 'x' }),
    T.Ref('Other'),
  ]
}

test('our schema builder makes the same schemas as TypeBox', () => {
  assert.deepEqual(plain(made(Type)), plain(made(TypeBox)))
})

test('a list of allowed words is that of TypeBox, and says that they are text', () => {
  assert.deepEqual(plain(Type.Enum(['a', 'b'])), {
    type: 'string',
    ...(plain(TypeBox.Enum(['a', 'b'])) as object),
  })
})

test('making a property optional leaves the schema it is made from as it was', () => {
  const shared = Type.String()
  Type.Optional(shared)
  assert.deepEqual(plain(Type.Object({ shared })), plain(TypeBox.Object({ shared: TypeBox.String() })))
})

test('the type of a schema has its members: one that is missing, unknown or of another kind does not compile', () => {
  const schema = Type.Object({
    name: Type.String(),
    kind: Type.Optional(Type.Enum(['big', 'small'])),
    sizes: Type.Optional(Type.Map(Type.Array(Type.Union([Type.Integer(), Type.Null()])))),
  })
  const all: Static<typeof schema> = { name: 'x', kind: 'big', sizes: { a: [1, null] } }
  const least: Static<typeof schema> = { name: 'x' }
  const wrong: Static<typeof schema>[] = [
    // @ts-expect-error
    { kind: 'big' },
    // @ts-expect-error
    { name: 'x', nobody: 1 },
    // @ts-expect-error
    { name: 'x', kind: 'huge' },
    // @ts-expect-error
    { name: 'x', sizes: { a: ['1'] } },
  ]
  assert.deepEqual([all.sizes?.['a'], least.kind, wrong.length], [[1, null], undefined, 4])
})
