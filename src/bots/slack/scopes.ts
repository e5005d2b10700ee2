import type { Log } from '../../log.ts';

/** What the app may do in its workspace, and what Yoda cannot do without it. slack-manifest.yaml grants the same. */
const needed: Readonly<Record<string, string>> = {
  'app_mentions:read': 'hear a mention',
  'assistant:write': 'be an agent with suggested prompts',
  'channels:history': 'follow threads in channels, and see whether an answer arrived',
  'chat:write': 'answer',
  commands: 'offer slash commands',
  'groups:history': 'follow threads in private channels',
  'im:history': 'hear direct messages',
  'users:read': 'turn mentions of people into names',
};

/** Says once at the start what the token lacks. Slack refuses the calls in question, and does not send the events. */
export function warnOfMissingScopes(granted: readonly string[], log: Log): void {
  for (const [scope, purpose] of Object.entries(needed)) {
    if (granted.includes(scope)) continue;
    log.warn({ scope }, `Slack: without the scope ${scope} Yoda cannot ${purpose}; add it and install the app again`);
  }
}
