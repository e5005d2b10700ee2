import { z } from 'zod';
import { defineCommand } from './command.ts';

/** What the service knows of itself; each part is asked for when the command runs. */
export interface StatusDeps {
  /** Real or stand-in, in the order in which people ask: Slack, Discord, Google Cloud, Redis. */
  readonly systems: readonly { readonly name: string; readonly state: 'real' | 'stand-in' | 'off' }[];
  readonly serving: () => Promise<ServingStatus>;
  readonly queue: () => Promise<{
    readonly open: number;
    readonly oldestAt: number | undefined;
    readonly failed: number;
  }>;
}

interface ServingStatus {
  readonly endpoint: string;
  readonly versions: readonly { readonly name: string; readonly sharePercent: number }[];
  readonly profile: string;
  /** How answers are drawn, ready to print. */
  readonly generation: string;
}

export const status = defineCommand({
  name: 'status',
  summary: 'What serves Yoda now: endpoint, version, queue, what is real and what a stand-in',
  access: 'operator',
  arguments: z.strictObject({}),
  async run(_values, { deps }: { deps: StatusDeps }) {
    const [serving, queue] = await Promise.all([
      deps.serving().catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
      deps.queue(),
    ]);
    const lines = [rehearsal(deps.systems), ...servingLines(serving), queueLine(queue), systemsLine(deps.systems)];
    return { text: lines.filter((line) => line !== '').join('\n'), visibility: 'asker' };
  },
});

function rehearsal(systems: StatusDeps['systems']): string {
  const standIns = systems.filter((system) => system.state === 'stand-in');
  return standIns.length === 0 ? '' : `_A rehearsal: ${standIns.map(({ name }) => name).join(', ')} stood in for._`;
}

function servingLines(serving: ServingStatus | string): readonly string[] {
  if (typeof serving === 'string') return [`- **Endpoint**: does not answer. ${serving}`];
  const versions = serving.versions.map(({ name, sharePercent }) => `${name} (${sharePercent} %)`);
  return [
    `- **Endpoint**: \`${serving.endpoint}\``,
    `- **Version**: ${versions.length === 0 ? 'none is deployed' : versions.join(', ')}`,
    `- **Answers**: profile ${serving.profile}, ${serving.generation}`,
  ];
}

function queueLine({ open, oldestAt, failed }: Awaited<ReturnType<StatusDeps['queue']>>): string {
  const age =
    oldestAt === undefined ? '' : `, the oldest for ${Math.max(0, Math.round((Date.now() - oldestAt) / 1000))} s`;
  const waiting = open === 0 ? 'empty' : `${open} waiting or being answered${age}`;
  return `- **Queue**: ${waiting}; ${failed === 0 ? 'no message failed' : `${failed} failed and kept`}`;
}

function systemsLine(systems: StatusDeps['systems']): string {
  return `- **Systems**: ${systems.map(({ name, state }) => `${name} ${state}`).join(', ')}`;
}
