import { askEverything } from './rights-matrix.ts'

askEverything('records', 'links', 'endpoints', 'erasure')
