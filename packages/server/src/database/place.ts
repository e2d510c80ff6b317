/** Places of one account are its number times this, plus the `seq` of a record's first saving: unique in the whole database. */
const placesEach = 2 ** 32

/** The account number's limit: above it a place would no longer be an exact number. */
export const largestPda = 2 ** 21 - 1

/** What an account's places begin with. */
export const placeBase = (pda: number) => pda * placesEach

/** The place behind the last an account can have. */
export const placeEnd = (pda: number) => (pda + 1) * placesEach
