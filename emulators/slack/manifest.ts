import { parse } from 'yaml';
import { z } from 'zod';

const text = (most: number) => z.string().min(1).max(most);

/**
 * The parts of an app manifest that matter here, with Slack's own limits
 * (docs.slack.dev/reference/app-manifest; fields that the schema does not know are refused there too).
 */
const manifestSchema = z.strictObject({
  _metadata: z.strictObject({ major_version: z.number().int(), minor_version: z.number().int().optional() }).optional(),
  display_information: z.strictObject({
    name: text(35),
    description: text(140).optional(),
    long_description: z.string().min(174).max(4000).optional(),
    background_color: z
      .string()
      .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)
      .optional(),
  }),
  features: z.strictObject({
    agent_view: z
      .strictObject({
        agent_description: text(300),
        suggested_prompts: z
          .array(z.strictObject({ title: text(75), message: text(2000) }))
          .max(4)
          .optional(),
        actions: z.array(z.strictObject({ name: text(75), description: text(300) })).optional(),
      })
      .optional(),
    app_home: z
      .strictObject({
        home_tab_enabled: z.boolean().optional(),
        messages_tab_enabled: z.boolean().optional(),
        messages_tab_read_only_enabled: z.boolean().optional(),
      })
      .optional(),
    bot_user: z.strictObject({
      display_name: z
        .string()
        .max(80)
        .regex(/^[\w\- .]+$/),
      always_online: z.boolean().optional(),
    }),
    slash_commands: z
      .array(
        z.strictObject({
          command: z
            .string()
            .max(32)
            .regex(/^\/[^\s/A-Z]+$/),
          description: text(2000),
          usage_hint: text(1000).optional(),
          should_escape: z.boolean().optional(),
          url: z.url().max(3000).optional(),
        }),
      )
      .max(50)
      .optional(),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()).max(255) }) }),
  settings: z.strictObject({
    event_subscriptions: z
      .strictObject({ bot_events: z.array(z.string()).max(100).optional(), request_url: z.url().optional() })
      .optional(),
    interactivity: z.strictObject({ is_enabled: z.boolean(), request_url: z.url().optional() }).optional(),
    org_deploy_enabled: z.boolean().optional(),
    socket_mode_enabled: z.boolean().optional(),
    token_rotation_enabled: z.boolean().optional(),
  }),
});

export interface Manifest {
  readonly botName: string;
  readonly scopes: readonly string[];
  readonly events: readonly string[];
  readonly commands: readonly SlashCommand[];
  readonly agent: boolean;
}

export interface SlashCommand {
  readonly command: string;
  readonly description: string;
  readonly shouldEscape: boolean;
  readonly usageHint: string;
}

/** What Slack asks for before it sends an event of this kind (docs.slack.dev/reference/events). */
const scopeOfEvent: Readonly<Record<string, string>> = {
  app_mention: 'app_mentions:read',
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  'message.im': 'im:history',
  reaction_added: 'reactions:read',
};

/** Reads a manifest's YAML. Throws an error that names every field that Slack would refuse. */
export function readManifest(yaml: string): Manifest {
  const result = manifestSchema.safeParse(parse(yaml));
  if (!result.success) throw new Error(`Slack refuses this manifest:\n${z.prettifyError(result.error)}`);
  const { features, oauth_config: oauth, settings } = result.data;
  const scopes = oauth.scopes.bot;
  const events = settings.event_subscriptions?.bot_events ?? [];
  const commands = features.slash_commands ?? [];
  const missing = [
    ...events.flatMap((event) => scopeOfEvent[event] ?? []),
    ...(commands.length === 0 ? [] : ['commands']),
    ...(features.agent_view === undefined ? [] : ['assistant:write']),
  ].filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw new Error(`Slack refuses this manifest: it lacks the scopes ${missing.join(', ')}`);
  return {
    botName: features.bot_user.display_name,
    scopes,
    events,
    commands: commands.map(
      ({ command, description, should_escape: shouldEscape = false, usage_hint: usageHint = '' }) => ({
        command,
        description,
        shouldEscape,
        usageHint,
      }),
    ),
    agent: features.agent_view !== undefined,
  };
}
