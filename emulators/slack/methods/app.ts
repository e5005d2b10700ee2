import { z } from 'zod';
import { Refusal, readArguments, textField } from '../refusal.ts';
import { team, yoda } from '../world.ts';
import { type Method, visibleChannel } from './method.ts';

const authTest: Method = {
  name: 'auth.test',
  token: 'bot',
  scopes: [],
  run: () => ({
    url: `https://${team.domain}.slack.com/`,
    team: team.name,
    user: yoda.name,
    team_id: team.id,
    user_id: yoda.user,
    bot_id: yoda.bot,
    is_enterprise_install: false,
  }),
};

const openConnection: Method = {
  name: 'apps.connections.open',
  token: 'app',
  scopes: [],
  run: (_values, { openSocket }) => ({ url: openSocket() }),
};

const setStatus: Method = {
  name: 'assistant.threads.setStatus',
  token: 'bot',
  // Since 2026-03-05 chat:write is enough, and will be the only one (docs.slack.dev/changelog).
  scopes: ['chat:write', 'assistant:write'],
  run(values, workspace) {
    const schema = z.object({ channel_id: textField, thread_ts: textField, status: textField });
    const { channel_id: id, thread_ts: thread, status } = readArguments(schema, values);
    const channel = visibleChannel(id, workspace);
    if (workspace.store.find(channel.id, thread) === undefined) throw new Refusal('invalid_thread_ts');
    workspace.store.setStatus(channel.id, thread, status);
    return {};
  },
};

const promptsSchema = z.object({
  channel_id: textField,
  thread_ts: textField.optional(),
  title: textField.optional(),
  prompts: z.preprocess(
    (value) => (typeof value === 'string' ? JSON.parse(value) : value),
    z.array(z.object({ title: z.string().min(1), message: z.string().min(1) })),
  ),
});

const setSuggestedPrompts: Method = {
  name: 'assistant.threads.setSuggestedPrompts',
  token: 'bot',
  scopes: ['assistant:write'],
  run(values, workspace) {
    const { channel_id: id, prompts } = readArguments(promptsSchema, values);
    visibleChannel(id, workspace);
    if (!workspace.manifest.agent) throw new Refusal('not_authorized');
    if (prompts.length > 4) throw new Refusal('too_many_prompts');
    return {};
  },
};

export const appMethods: readonly Method[] = [authTest, openConnection, setStatus, setSuggestedPrompts];
