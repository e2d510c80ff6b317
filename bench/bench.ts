import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { full, type Measure, quick } from './measures.ts'
import { saving } from './saving.ts'
import { table } from './table.ts'

const scenes = [saving]

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
})

/** `npm run bench -- [--rows 1,2,5] [--rounds 5] [--quick]`: measures hatstand beside its limits and prints the table. */
async function bench(): Promise<void> {
  const wanted = new Set(values.rows?.split(',') ?? scenes.flatMap((scene) => scene.rows))
  const running = scenes.filter((scene) => scene.rows.some((row) => wanted.has(row)))
  const measures: Measure[] = []
  console.log(machine())
  if (values.quick) console.log('Small counts (--quick): the figures show that the bench runs, no more.')
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const scene of running) {
      const found = await scene.run(values.quick ? quick : full, wanted)
      measures.push(...found.filter(({ row }) => wanted.has(row)))
    }
    console.log(`round ${round} of ${values.rounds} is done`)
  }
  for (const scene of running) await scene.close?.()
  console.log(table(measures))
}

function machine(): string {
  const [first] = cpus()
  const model = first?.model.trim() || 'unknown'
  return `${cpus().length} cores (${model}), Node ${process.versions.node}, SQLite ${process.versions['sqlite']}`
}

await bench()
