import { engines } from './engines.ts'
import { askEverything } from './rights-matrix.ts'

askEverything(engines[1]!)
