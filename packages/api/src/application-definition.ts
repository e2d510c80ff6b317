import { Type, type Static } from './type.ts'

const { Optional } = Type

const text = (description: string, most = 10_000) =>
  Type.String({ title: `a text of at most ${most} characters`, maxLength: most, description })
const version = (description: string) =>
  Type.String({
    title: 'three numbers, such as 1.0.0',
    pattern: '^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}$',
    description,
    examples: ['1.0.0'],
  })
const address = (description: string) =>
  Type.String({ title: 'an address, or empty', maxLength: 2000, description })
const ids = (description: string) => Type.Array(text('The id of an application.', 500), { description })

/** Without a name of its own: a schema that is used to validate may have each `$id` once. */
const Picture = Type.Object({
  small: Optional(address('The same, smaller.')),
  normal: address('Where the picture is; empty when there is none.'),
  large: Optional(address('The same, larger.')),
  xlarge: Optional(address('The same, larger still.')),
})

/** A role a definition asks for. `domain/access/definition.ts` says which there are. */
export const RoleAskedFor = Type.Object(
  {
    role: text('`namespaceread`, `namespacewrite`, `datadebit` ...', 100),
    detail: Optional(text('Where it holds: of the first two a namespace.', 500)),
  },
  { $id: 'RoleAskedFor' },
)
export type RoleAskedFor = Static<typeof RoleAskedFor>

const Kind = Type.Object(
  {
    kind: Type.Enum(['App', 'DataPlug', 'Tool', 'Contract']),
    url: address('Where people find the application.'),
    iosUrl: Optional(address('The same in the App Store.')),
    androidUrl: Optional(address('The same on Google Play.')),
  },
  { $id: 'ApplicationKind' },
)

const Info = Type.Object(
  {
    version: version('The version of the definition and of the application.'),
    updateNotes: Optional(
      Type.Object({ header: text('What is new.'), notes: Optional(Type.Array(text('One of the news.'))) }),
    ),
    published: Type.Boolean({
      description: 'Whether everybody may read the definition; otherwise only who may see the application.',
    }),
    name: text('What it is called.', 100),
    headline: text('What it is, in half a sentence.'),
    description: Type.Object({
      text: text('What it does.'),
      markdown: Optional(text('The same in Markdown.')),
      html: Optional(text('The same in HTML.')),
    }),
    hmiDescription: Optional(text('What it does, for the consent page.')),
    termsUrl: address('Its terms.'),
    privacyPolicyUrl: Optional(address('Its privacy policy.')),
    dataUsePurpose: text('What it uses the data for.'),
    supportContact: text('Whom to ask.'),
    rating: Optional(
      Type.Object({
        score: text('As somebody rated it.', 100),
        points: Type.Integer({ minimum: 0, description: 'The same as points.' }),
      }),
    ),
    dataPreview: Type.Array(Type.Unknown(), { description: 'Items of a feed, as an example.' }),
    graphics: Type.Object({ banner: Picture, logo: Picture, screenshots: Type.Array(Picture) }),
    primaryColor: Optional(text('A CSS colour.', 100)),
    callbackUrl: Optional(address('Kept, and never called.')),
    url: Optional(address('More about it.')),
  },
  { $id: 'ApplicationInfo' },
)

const Developer = Type.Object(
  {
    id: text('Names the developer.', 500),
    name: text('What the developer is called.', 100),
    url: address('More about the developer.'),
    country: Optional(text('Where the developer is.', 100)),
    logo: Optional(Picture),
  },
  { $id: 'Developer' },
)

const Permissions = Type.Object(
  {
    rolesGranted: Type.Array(RoleAskedFor, {
      title: 'an array of at most 200 roles',
      maxItems: 200,
      description: 'The roles the application asks for. It gets them when the owner sets it up.',
    }),
    dataRetrieved: Optional(
      Type.Object({ name: text('The name of a bundle.', 200), bundle: Type.Unknown() }),
    ),
    dataRequired: Optional(
      Type.Object({
        bundle: Type.Unknown(),
        conditions: Optional(Type.Unknown()),
        startDate: text('From when on.', 100),
        endDate: text('Until when.', 100),
        rolling: Type.Boolean(),
      }),
    ),
  },
  { $id: 'ApplicationPermissions' },
)

const Setup = Type.Object(
  {
    kind: Type.Enum(['External', 'Internal']),
    url: Optional(address('Where the owner goes on after setting the application up.')),
    iosUrl: Optional(address('The same on iOS.')),
    androidUrl: Optional(address('The same on Android.')),
    testingUrl: Optional(address('The same while it is tested.')),
    validRedirectUris: Optional(
      Type.Array(text('An address, to the letter.', 2000), {
        title: 'an array of at most 100 addresses',
        maxItems: 100,
        description:
          'Where HAT login may send the owner back to. Needed when `kind` is `External`; may be empty.',
      }),
    ),
    deauthorizeCallbackUrl: Optional(address('Kept, and never called.')),
    onboarding: Optional(
      Type.Array(
        Type.Object({
          title: text('A step.'),
          illustration: Picture,
          description: text('What happens in it.'),
        }),
      ),
    ),
    preferences: Optional(Type.Unknown({ description: 'Kept.' })),
    dependencies: Optional(ids('More applications it needs.')),
  },
  { $id: 'ApplicationSetup' },
)

const Status = Type.Object(
  {
    kind: Type.Enum(['Internal', 'External']),
    compatibility: version('A set-up of an older version than this one needs updating.'),
    statusUrl: Optional(address('Needed when `kind` is `External`. Kept, and never called.')),
    expectedStatus: Optional(Type.Integer({ description: 'Needed when `kind` is `External`. Kept.' })),
    dataPreviewEndpoint: Optional(text('Kept.', 2000)),
    staticDataPreviewEndpoint: Optional(text('Kept.', 2000)),
    recentDataCheckEndpoint: Optional(
      text('The endpoint whose last change is shown as `mostRecentData`.', 2000),
    ),
    versionReleaseDate: text('When this version came out, ISO 8601.', 100),
  },
  { $id: 'ApplicationStatus' },
)

/** What an application says of itself. Members that are not known here are kept, too. */
export const Application = Type.Object(
  {
    id: text(
      'Up to 64 letters, digits, `.`, `_` and `-`; or an https address. Lower case works with every client.',
      500,
    ),
    kind: Kind,
    info: Info,
    developer: Developer,
    permissions: Permissions,
    dependencies: Optional(
      Type.Object({
        plugs: ids('Data plugs it needs.'),
        tools: ids('Tools it needs.'),
        contracts: Optional(ids('Contracts it needs.')),
      }),
    ),
    setup: Setup,
    status: Status,
  },
  { $id: 'Application', description: 'The definition of an application.' },
)
export type Application = Static<typeof Application>

/** A definition, for the documentation. */
export const exampleDefinition = {
  id: 'notes',
  kind: { kind: 'App', url: 'https://notes.example.org' },
  info: {
    version: '1.0.0',
    published: true,
    name: 'Notes',
    headline: 'Notes of your own',
    description: { text: 'Writes and shows your notes.' },
    termsUrl: 'https://notes.example.org/terms',
    dataUsePurpose: 'To show you your notes.',
    supportContact: 'help@notes.example.org',
    rating: { score: '', points: 0 },
    dataPreview: [],
    graphics: {
      banner: { normal: '' },
      logo: { normal: 'https://notes.example.org/logo.png' },
      screenshots: [],
    },
  },
  developer: { id: 'example', name: 'Example Ltd', url: 'https://example.org' },
  permissions: {
    rolesGranted: [
      { role: 'namespaceread', detail: 'notes' },
      { role: 'namespacewrite', detail: 'notes' },
    ],
  },
  setup: { kind: 'External', validRedirectUris: ['https://notes.example.org/signed-in'] },
  status: {
    kind: 'Internal',
    compatibility: '1.0.0',
    recentDataCheckEndpoint: 'notes/drafts',
    versionReleaseDate: '2026-11-20T00:00:00.000Z',
  },
} satisfies Application
