// A program of its own, in plain JavaScript: reads {password, known} on standard input, writes {score, warning, suggestions}.
import { text } from 'node:stream/consumers'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'

const { password, known } = JSON.parse(await text(process.stdin))
const estimator = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  translations: english.translations,
})
const { score, feedback } = estimator.check(password, known)
process.stdout.write(JSON.stringify({ score, warning: feedback.warning, suggestions: feedback.suggestions }))
