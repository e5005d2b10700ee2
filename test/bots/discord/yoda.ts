import { type DiscordEmulator, type DiscordOptions, startDiscord } from '../../../emulators/discord/discord.ts';
import type { Hearing, Listening } from '../../../src/bots/bot.ts';
import { createDiscordBot } from '../../../src/bots/discord/discord.ts';
import type { OpsMenu } from '../../../src/bots/discord/menu.ts';
import type { Message } from '../../../src/chat/message.ts';
import type { Asker, Outcome } from '../../../src/commands/command.ts';
import type { Request } from '../../../src/commands/run.ts';
import { createLog } from '../../../src/log.ts';

/** Obviously no token of anybody's. */
export const token = 'an-emulated-token';

export const opsMenu: OpsMenu = [
  { name: 'status', summary: 'What runs where', fields: [] },
  {
    name: 'traffic',
    summary: 'Give a version a share of the traffic',
    fields: [
      { name: 'note', summary: 'Why', kind: 'string', required: false },
      { name: 'version', summary: 'Which version', kind: 'integer', required: true, min: 1 },
      { name: 'dry-run', summary: 'Only say what would happen', kind: 'boolean', required: false },
      { name: 'pace', summary: 'How fast', kind: 'string', required: false, choices: ['slow', 'fast'] },
    ],
  },
];

/** A bot that listens to an emulated Discord, and everything that it hands on. */
export interface Yoda extends AsyncDisposable {
  readonly discord: DiscordEmulator;
  readonly bot: ReturnType<typeof createDiscordBot>;
  readonly listening: Listening;
  readonly heard: Message[];
  readonly asked: { readonly asker: Asker; readonly request: Request }[];
  /** What the bot logged, parsed. */
  readonly logged: { readonly level: string; readonly msg: string }[];
  readonly hearing: Hearing;
}

export interface YodaOptions {
  readonly discord?: Partial<DiscordOptions>;
  readonly messageContent?: boolean;
  readonly opsMenu?: OpsMenu;
  readonly hearing?: Partial<Hearing>;
  readonly outcome?: Outcome;
  readonly notes?: Map<string, string>;
  /** An emulator that runs already and is not stopped with the bot. */
  readonly in?: DiscordEmulator;
}

export async function startYoda(options: YodaOptions = {}): Promise<Yoda> {
  const discord = options.in ?? (await startDiscord({ token, ...options.discord }));
  const heard: Message[] = [];
  const asked: { asker: Asker; request: Request }[] = [];
  const logged: { level: string; msg: string }[] = [];
  const notes = options.notes ?? new Map<string, string>();
  const log = createLog('debug', { write: (line) => void logged.push(JSON.parse(line)) });
  const hearing: Hearing = {
    takeIn: async (message) => void heard.push(message),
    once: (_id, act) => act(),
    takesPart: async () => false,
    runCommand: async (asker, request) => {
      asked.push({ asker, request });
      return options.outcome ?? { text: 'Done it is.', visibility: 'asker' };
    },
    notes: {
      get: async (key) => notes.get(key) ?? null,
      set: async (key, value) => void notes.set(key, value),
    },
    log,
    ...options.hearing,
  };
  const settings = { token, apiUrl: discord.apiUrl, messageContent: options.messageContent ?? true };
  const bot = createDiscordBot(settings, { log, opsMenu: options.opsMenu ?? opsMenu, storeDelaysMs: [20, 40] });
  const listening = await bot.listen(hearing);
  return {
    discord,
    bot,
    listening,
    heard,
    asked,
    logged,
    hearing,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      if (options.in === undefined) await discord[Symbol.asyncDispose]();
    },
  };
}
