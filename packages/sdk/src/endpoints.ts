import type { Exact } from './exact.ts'

/** Endpoint -> what its records hold. `Record<string, unknown>` says nothing of any. */
export type AnyEndpoint = Record<string, unknown>

/** The endpoints a connection was told of; any text when it was told of none. */
export type Name<E> = keyof E & string

/** Any endpoint, for who says at each call what is there; none once the connection was told. */
export type Untold<E> = string extends keyof E ? string : never

/** What is saved at an endpoint: a value of its type, or its JSON text. */
export type DataOf<E, N extends Name<E>> = E[N] | Exact
