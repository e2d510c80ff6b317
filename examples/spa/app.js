// A rain diary: signs its user in at their own account, and keeps what they write there and nowhere else.
import { connect } from '@hatstand/sdk'
import { signIn } from '@hatstand/sdk/sign-in'

const { words, door, account, diary, mm, leave, days } = Object.fromEntries(
  [...document.querySelectorAll('[id]')].map((element) => [element.id, element]),
)

const at = (url) => signIn({ url, clientId: 'rain-diary', scope: 'read:diary write:diary' })

async function show(pda) {
  const found = await pda.records.list('diary/rain', { orderBy: 'day', ordering: 'descending', take: 30 })
  const items = found.map(({ data }) =>
    Object.assign(document.createElement('li'), { textContent: `${data.day}: ${data.mm} mm` }),
  )
  days.replaceChildren(...items)
}

/** Does something and says in a sentence when it does not work. */
async function tell(doing) {
  words.textContent = ''
  try {
    await doing()
  } catch (error) {
    words.textContent = error.message
  }
}

account.value = localStorage.getItem('account') ?? 'http://localhost:8080'
const session = at(account.value)
const pda = connect(account.value, session.token)

function arrange(signedIn) {
  door.hidden = signedIn
  diary.hidden = !signedIn
  if (signedIn) void tell(() => show(pda))
}

session.onChange(arrange)
await tell(() => session.finish())
arrange(session.signedIn)

door.addEventListener('submit', (event) => {
  event.preventDefault()
  localStorage.setItem('account', account.value)
  void tell(() => at(account.value).begin())
})

diary.addEventListener('submit', (event) => {
  event.preventDefault()
  const today = new Date().toISOString().slice(0, 10)
  void tell(async () => {
    await pda.records.create('diary/rain', { day: today, mm: Number(mm.value) })
    await show(pda)
  })
})

leave.addEventListener('click', () => void tell(() => session.signOut()))
