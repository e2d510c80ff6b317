/** The one style of every page of the product: light and dark by the system's choice, one column, no web font, nothing loaded. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d2433, #e8eaf0); --quiet: light-dark(#566075, #a9b1c3);
  --ground: light-dark(#f4f2ee, #12151c); --card: light-dark(#fff, #1b202a); --line: light-dark(#dedad2, #343b49);
  --edge: light-dark(#7d8496, #8089a0); --accent: light-dark(#2b5a4f, #8fd0bd); --on-accent: light-dark(#fff, #0d1f1a);
  --deep: light-dark(#1e443b, #b2e2d4); --tint: light-dark(#eaf2ef, #21302d); --bad: light-dark(#a3201f, #ff9d94);
  --bad-tint: light-dark(#fdefed, #35201f); --warn: light-dark(#8a5a00, #f0c674); --warn-tint: light-dark(#fdf5e2, #322a19);
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--ground);
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 36rem; padding: 1.5rem 1rem 3rem }
body.wide { max-width: 60rem }
header { margin: 0 0 1rem }
.wordmark { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; font-size: 1.125rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none }
.wordmark svg { width: 1.5rem; height: 1.5rem; color: var(--accent) }
main { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem; overflow-wrap: anywhere; box-shadow: 0 1px 2px #0000000d }
main > :first-child { margin-top: 0 }
main > :last-child { margin-bottom: 0 }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; margin: 0 0 .75rem; text-wrap: balance }
h2 { font-size: 1.0625rem; line-height: 1.35; margin: 1.75rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .75rem 0 }
ul, ol, dl { margin: .75rem 0; padding-left: 1.25rem }
li { margin: .25rem 0 }
dl { padding: 0 } dt { color: var(--quiet); font-size: .9375rem } dd { margin: 0 0 .5rem }
a { color: var(--accent); text-underline-offset: .15em } a:hover { color: var(--deep) }
.quiet, .hint { color: var(--quiet); font-size: .9375rem }
label { display: block; font-weight: 600; margin-top: 1.25rem }
.choice { display: flex; gap: .625rem; align-items: baseline; font-weight: 400; margin-top: .75rem }
input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea {
  display: block; width: 100%; margin-top: .375rem; padding: .625rem .75rem; min-height: 2.75rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--edge); border-radius: .5rem }
input[type=checkbox], input[type=radio] { width: 1.125rem; height: 1.125rem; accent-color: var(--accent); flex: none; align-self: center }
[aria-invalid=true] { border: 2px solid var(--bad) !important }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.hint, .problem { margin: .375rem 0 0 }
.problem { color: var(--bad); font-weight: 600 } .problem:not(:empty)::before { content: "⚠ " / "" }
.alert, .note, .done { margin: 0 0 1.25rem; padding: .75rem 1rem; border-radius: .5rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); background: var(--tint) }
.alert { border-left-color: var(--bad); background: var(--bad-tint) } .note.strong { border-left-color: var(--warn); background: var(--warn-tint) }
.alert > :first-child, .note > :first-child, .done > :first-child { margin-top: 0 } .alert > :last-child, .note > :last-child, .done > :last-child { margin-bottom: 0 }
button, .button { display: inline-block; font: inherit; font-weight: 600; line-height: 1.4; text-align: center; text-decoration: none; cursor: pointer;
  padding: .625rem 1.375rem; min-height: 2.75rem; border-radius: .5rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent) }
button:hover, .button:hover { background: var(--deep); border-color: var(--deep); color: var(--on-accent) }
button.second, .button.second { background: transparent; color: var(--accent) } button.second:hover, .button.second:hover { background: var(--tint); color: var(--deep) }
button.danger { background: transparent; border-color: var(--bad); color: var(--bad) } button.danger:hover { background: var(--bad-tint) }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.75rem 0 0 }
form > button { margin-top: 1.75rem }
ul.inline { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0 }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
pre { overflow-x: auto; overflow-wrap: normal; padding: .875rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--ground) }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } caption { text-align: left; font-weight: 600 }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .5rem } article { margin: 2rem 0 3rem } h4 { margin: 1.25rem 0 .25rem }
:is(p, li, td) code { overflow-wrap: anywhere }
.scrolls { overflow-x: auto; overflow-wrap: normal }
.rows { list-style: none; padding: 0; margin: 1rem 0 } .rows > li { margin: 0; padding: .75rem 0; border-top: 1px solid var(--line) }
.rows > li:last-child { border-bottom: 1px solid var(--line) }
.between { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline }
.code { font: 600 1.125rem/1.6 ui-monospace, SFMono-Regular, Menlo, monospace; letter-spacing: .04em }
ol.code { padding-left: 3rem }
[hidden] { display: none !important }
footer { margin: 1rem .25rem 0; color: var(--quiet); font-size: .875rem }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 2rem } main { padding: 1.25rem 1.125rem }
  .actions { flex-direction: column } .actions > *, form > button, .actions button { width: 100% }
}
@media print { main { border: 0; box-shadow: none } }
`
