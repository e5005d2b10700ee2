import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';

/** From least to most: a role may do whatever the ones before it may. */
const roles = ['member', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who asks, as the platform vouches for it; nothing here is read from the message. */
export interface Identity {
  readonly platform: 'slack' | 'discord' | 'terminal';
  /** The platform's own id of the person. */
  readonly id: string;
  /** The ids of the roles that the platform says the person has; Slack tells of none. */
  readonly roles: readonly string[];
}

export interface Access {
  /** The highest role of this person; whoever is not named is a member. */
  roleOf(identity: Identity): Promise<Role>;
  /** What to tell a person who may not: who they are to us, and the line that would allow it. */
  refusal(identity: Identity, needed: Role): string;
}

const subject = z
  .string()
  .regex(
    /^(slack|discord|discord-role|terminal):\S+$/,
    'is not of the form slack:U123, discord:123 or discord-role:123',
  );
const fileSchema = z.strictObject({ admin: z.array(subject).nullish(), operator: z.array(subject).nullish() });
type Named = z.infer<typeof fileSchema>;

/**
 * Reads the access file and reads it again whenever it changes. A file that is broken at the start is a UserError; one
 * that breaks later leaves the last good one in force. Without a file nobody is more than a member.
 */
export async function openAccess(file: string, deps: { readonly log: Log }): Promise<Access> {
  let named: Named = {};
  let readAt: number | undefined;
  let reading: Promise<void> = Promise.resolve();
  async function readIfChanged(): Promise<void> {
    const changedAt = await stat(file).then(
      (found) => found.mtimeMs,
      () => undefined,
    );
    if (changedAt === readAt) return;
    readAt = changedAt;
    named = changedAt === undefined ? {} : await readAccess(file);
  }
  /** One reading after the other: nobody is judged by the former file while another's question has the new one read. */
  function refresh(): Promise<void> {
    reading = reading.catch(() => undefined).then(readIfChanged);
    return reading;
  }
  await refresh();
  if (readAt === undefined) deps.log.warn({ file }, 'There is no access file, so nobody may run ops commands');

  return {
    async roleOf(identity) {
      await refresh().catch((error: unknown) =>
        deps.log.error({ err: error, file }, 'The access file is broken; the last good one stays in force'),
      );
      const { platform, id, roles: vouched } = identity;
      const subjects = [`${platform}:${id}`, ...vouched.map((role) => `${platform}-role:${role}`)];
      const has = (list: readonly string[] | null | undefined) => subjects.some((one) => list?.includes(one));
      if (has(named.admin)) return 'admin';
      return has(named.operator) ? 'operator' : 'member';
    },
    refusal: (identity, needed) =>
      [
        `Not for you, this is: it takes the role ${needed}.`,
        `Whoever runs this service can give it to you: in \`${file.split('/').at(-1)}\`, under \`${needed}:\`, this line`,
        `\`\`\`\n  - ${identity.platform}:${identity.id}\n\`\`\``,
      ].join('\n'),
  };
}

async function readAccess(file: string): Promise<Named> {
  const text = await readFile(file, 'utf8');
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (cause) {
    throw new UserError(`${file} is not valid YAML: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new UserError(`${file} cannot be used: ${faults.join('; ')}`);
}

export function atLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
