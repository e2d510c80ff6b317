import { exact, type Pda } from '@hatstand/sdk'
import type { DataSet } from './data-sets.ts'
import { counted, progress } from './printing.ts'

const batchSize = 2000

/** Saves a data set, leaving out what is there already, and says how much that was. */
export async function load(pda: Pda, { endpoint, about, texts }: DataSet): Promise<void> {
  const show = progress(endpoint, texts.length)
  let saved = 0
  for (let at = 0; at < texts.length; at += batchSize) {
    const some = texts.slice(at, at + batchSize)
    const { records } = await pda.records.createMany(endpoint, exact(`[${some.join(',')}]`), {
      skipErrors: true,
    })
    saved += records.length
    show(at + some.length)
  }
  const skipped = texts.length - saved
  console.log(`  ${about}: ${counted(saved)} saved, ${counted(skipped)} skipped as duplicates`)
}

/** Reads all of an endpoint by following the `Link` of each page, and checks that each record is exactly as in the file. */
export async function readBack(pda: Pda, { endpoint, texts }: DataSet): Promise<void> {
  const sent = new Set(texts)
  const seen = new Set<string>()
  let exactly = 0
  const began = performance.now()
  for await (const { recordId, text } of pda.records.listAll(endpoint, { take: 5000 })) {
    seen.add(recordId)
    if (sent.has(text)) exactly += 1
  }
  const seconds = (performance.now() - began) / 1000
  const ids = `${endpoint}: ${counted(seen.size)} records in ${seconds.toFixed(1)} s`
  console.log(`${ids}, ${counted(exactly)} of them byte for byte as in the file`)
  if (exactly !== seen.size)
    console.log('  The others were changed by somebody, or are not from this example.')
}
