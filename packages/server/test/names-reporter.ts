import type { TestEvent } from 'node:test/reporters'

/** Writes one line for each test: its milliseconds, its file, and its name behind those of the suites around it. */
export default async function* names(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const around: string[] = []
  for await (const { type, data } of events) {
    if (type === 'test:start') around.splice(data.nesting, Infinity, data.name)
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue
    const file = data.file?.replace(`${process.cwd()}/`, '') ?? ''
    yield `${Math.round(data.details.duration_ms)}\t${file}\t${[...around.slice(0, data.nesting), data.name].join(' > ')}\n`
  }
}
