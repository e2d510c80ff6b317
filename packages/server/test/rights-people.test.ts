import { askEverything } from './rights-matrix.ts'

askEverything('access tokens', 'users', 'ledger', 'server')
