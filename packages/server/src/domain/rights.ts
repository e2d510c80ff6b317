/** Who is asking in one request, with the rights that hold at this moment. */
export type Caller =
  | { kind: 'owner'; subject: string }
  | {
      kind: 'application'
      application: string
      version: string
      reads: ReadonlySet<string>
      writes: ReadonlySet<string>
    }

/** The writer an owner's records carry; no application may have it as its id. */
export const ownerWriter = 'owner'

/** The name a record written by this caller carries: `owner`, or the application's id. */
export function writerOf(caller: Caller): string {
  return caller.kind === 'owner' ? ownerWriter : caller.application
}

export function isOwner(caller: Caller): boolean {
  return caller.kind === 'owner'
}

/** Whether the caller may read what is kept in a namespace: the owner all of it, an application where it was granted reading. */
export function mayRead(caller: Caller, namespace: string): boolean {
  return caller.kind === 'owner' || caller.reads.has(namespace)
}

/** Whether the caller may write into a namespace. Writing does not include reading, nor reading writing. */
export function mayWrite(caller: Caller, namespace: string): boolean {
  return caller.kind === 'owner' || caller.writes.has(namespace)
}
