/** Whether this is `npm test`, which leaves out what takes long. A file that runs alone tests everything in it. */
export const quick = process.env['HATSTAND_TEST_QUICK'] !== undefined
