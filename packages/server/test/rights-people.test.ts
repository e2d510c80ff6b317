import { askEverything } from './rights-matrix.ts'

askEverything('people and tokens')
