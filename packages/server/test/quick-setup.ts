/** Before `npm test`: what is quick is tested, and the rest left to `npm run test:all`. */
process.env['HATSTAND_TEST_QUICK'] = 'yes'

export { globalSetup, globalTeardown } from './global-setup.ts'
