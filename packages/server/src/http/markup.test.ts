import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markup, trusted } from './page.ts'

test('what is put into a page is text, whatever it holds', () => {
  const evil = `"><script>alert('1')</script>&amp;`
  assert.equal(
    markup`<p title="${evil}">${evil}</p>`.html,
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;</p>',
  )
})

test('pieces go in as they are, lists one after another, and what is not there leaves nothing', () => {
  const items = ['a', '<b>'].map((text) => markup`<li>${text}</li>`)
  assert.equal(
    markup`<ul>${items}</ul>${undefined}${false}${''}${0}`.html,
    '<ul><li>a</li><li>&lt;b&gt;</li></ul>0',
  )
  assert.equal(markup`${trusted('<hr>')}`.html, '<hr>')
})

test('an object that came in as JSON is no piece: nobody but this program makes one', () => {
  const posing = new URLSearchParams('name=%7B%22html%22%3A%22%3Cb%3E%22%7D').get('name')!
  assert.equal(markup`${posing}`.html, '{&quot;html&quot;:&quot;&lt;b&gt;&quot;}')
})
