import { z } from 'zod';
import { UserError } from './errors.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const address = (example: string) =>
  z
    .url({ protocol: /^https?$/, error: `is not an address. Write it like ${example}` })
    .refine((value) => !value.endsWith('/') || value.endsWith('/api/'), 'ends in a slash; leave it out');
const yes = z.stringbool({ error: 'is 1 or 0' });

/** Every setting, by its name in the environment. README's table says the same; a test compares them. */
const settingsSchema = z.object({
  SLACK_BOT_TOKEN: z
    .string()
    .startsWith('xoxb-', 'starts with xoxb-: it is the "Bot User OAuth Token" of the app')
    .optional(),
  SLACK_APP_TOKEN: z
    .string()
    .startsWith('xapp-', 'starts with xapp-: it is the "App-Level Token" of the app')
    .optional(),
  SLACK_SIGNING_SECRET: z.string().min(16, 'is too short for a signing secret').optional(),
  SLACK_API_URL: address('https://slack.com/api/').endsWith('/api/', 'ends in /api/').default('https://slack.com/api/'),
  DISCORD_TOKEN: z.string().min(20, 'is too short for a bot token').optional(),
  DISCORD_API_URL: address('https://discord.com/api')
    .endsWith('/api', 'ends in /api')
    .default('https://discord.com/api'),
  DISCORD_MESSAGE_CONTENT: yes.default(false),
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  GOOGLE_CLOUD_LOCATION: z.string().default('us-central1'),
  VERTEX_ENDPOINT_ID: z.string().optional(),
  TOKENIZER_URI: z.string().optional(),
  VERTEX_API_ENDPOINT: address('https://us-central1-aiplatform.googleapis.com').optional(),
  STORAGE_API_ENDPOINT: address('https://storage.googleapis.com').optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'is not an address. Write it like redis://127.0.0.1:6379' }),
  REDIS_ALLOW_VOLATILE: yes.default(false),
  ACCESS_FILE: z.string().default('access.yaml'),
  PORT: port.default(8900),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  STAND_INS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(['slack', 'discord', 'gcp'], { error: 'names slack, discord or gcp' }))),
});

/** Older names that are accepted for the ones above. */
const aliases = {
  GOOGLE_CLOUD_PROJECT: ['GCP_VERTEX_PROJECT_ID', 'GCP_PROJECT_NUMBER'],
  VERTEX_ENDPOINT_ID: ['GCP_ENDPOINT_ID'],
} as const;

/** Every name that counts; `npm run up` takes them from `.env` alone. */
export const settingNames: ReadonlySet<string> = new Set([
  ...Object.keys(settingsSchema.shape),
  ...Object.values(aliases).flat(),
]);

export type Config = ReturnType<typeof readConfig>;

/** Checks the whole environment at once. Throws one UserError with a line for each fault and the words that mend it. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>) {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.trim() !== '') given[name] = value.trim();
  }
  for (const [name, older] of Object.entries(aliases)) {
    const found = older.map((alias) => given[alias]).find((value) => value !== undefined);
    if (given[name] === undefined && found !== undefined) given[name] = found;
  }
  const parsed = settingsSchema.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${problem(issue)}`);
  faults.push(...missing(given));
  if (!parsed.success || faults.length > 0) {
    throw new UserError(
      ['These settings cannot be used (see .env.example):', ...faults.map((fault) => `  ${fault}`)].join('\n'),
    );
  }
  const settings = parsed.data;
  return {
    slack:
      settings.SLACK_BOT_TOKEN === undefined
        ? undefined
        : {
            botToken: settings.SLACK_BOT_TOKEN,
            appToken: settings.SLACK_APP_TOKEN,
            signingSecret: settings.SLACK_SIGNING_SECRET,
            apiUrl: settings.SLACK_API_URL,
            port: settings.PORT,
          },
    discord:
      settings.DISCORD_TOKEN === undefined
        ? undefined
        : {
            token: settings.DISCORD_TOKEN,
            apiUrl: settings.DISCORD_API_URL,
            messageContent: settings.DISCORD_MESSAGE_CONTENT,
          },
    google: {
      project: settings.GOOGLE_CLOUD_PROJECT ?? '',
      location: settings.GOOGLE_CLOUD_LOCATION,
      vertexApiEndpoint: settings.VERTEX_API_ENDPOINT,
      storageApiEndpoint: settings.STORAGE_API_ENDPOINT,
      endpointId: settings.VERTEX_ENDPOINT_ID ?? '',
      tokenizerUri: settings.TOKENIZER_URI,
    },
    redis: { url: settings.REDIS_URL, allowVolatile: settings.REDIS_ALLOW_VOLATILE },
    accessFile: settings.ACCESS_FILE,
    logLevel: settings.LOG_LEVEL,
    standIns: settings.STAND_INS,
  };
}

function problem(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.message.includes('undefined') ? 'is missing' : issue.message;
}

/** What must be there together. */
function missing(given: Readonly<Record<string, string>>): string[] {
  const faults: string[] = [];
  if (given.SLACK_BOT_TOKEN !== undefined && !given.SLACK_APP_TOKEN && !given.SLACK_SIGNING_SECRET) {
    faults.push(
      'SLACK_APP_TOKEN is missing (Socket Mode), or SLACK_SIGNING_SECRET (signed HTTP): SLACK_BOT_TOKEN alone hears nothing',
    );
  }
  if (given.SLACK_BOT_TOKEN === undefined && given.DISCORD_TOKEN === undefined) {
    faults.push('SLACK_BOT_TOKEN or DISCORD_TOKEN is missing: without either nobody can talk to Yoda');
  }
  if (given.GOOGLE_CLOUD_PROJECT === undefined)
    faults.push('GOOGLE_CLOUD_PROJECT is missing: the project in which the endpoint stands');
  if (given.VERTEX_ENDPOINT_ID === undefined)
    faults.push('VERTEX_ENDPOINT_ID is missing: the number of the endpoint that answers chat');
  return faults;
}
