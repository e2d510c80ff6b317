import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { consented } from './consented.ts'
import { filtering } from './filtering.ts'
import { large } from './large.ts'
import { ledger } from './ledger.ts'
import { full, type Measure, quick, type Scene } from './measures.ts'
import { onPostgres } from './on-postgres.ts'
import { saving } from './saving.ts'
import { starting } from './starting.ts'
import { table } from './table.ts'

const scenes: Scene[] = [saving, starting, onPostgres, large, ledger, filtering, consented]

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
  const parts = [machine()]
  for (const scene of running) if (scene.begin) parts.push(await scene.begin())
  console.log(parts.join(', '))
  console.log(
    `Load average at the start: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  )
  if (values.quick) console.log('Small counts (--quick): the figures show that the bench runs, no more.')
  const measures: Measure[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const scene of running) {
      if (round > (scene.rounds ?? round)) continue
      const found = await scene.run(values.quick ? quick : full, wanted)
      measures.push(...found.filter(({ row }) => wanted.has(String(Number.parseInt(row, 10)))))
    }
    console.log(`round ${round} of ${values.rounds} is done (${(performance.now() / 1000).toFixed(0)} s)`)
  }
  for (const scene of running) await scene.end?.()
  for (const { rounds, rows } of running)
    if (rounds && rounds < Number(values.rounds)) console.log(`Rows ${rows.join(', ')}: ${rounds} rounds.`)
  console.log(table(measures))
}

function machine(): string {
  const [first] = cpus()
  const model = first?.model.trim() || 'unknown'
  return `${cpus().length} cores (${model}), Node ${process.versions.node}, SQLite ${process.versions['sqlite']}`
}

await bench()
