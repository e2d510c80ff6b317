import { askEverything } from './rights-matrix.ts'

askEverything('data debits', 'receipts')
