import { newUuid } from '../uuids.ts'

/** A new record id. */
export const newRecordId = (): string => newUuid()
