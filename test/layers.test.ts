import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Each room with the rooms that stand above it and that it must not know. */
const above: Readonly<Record<string, readonly string[]>> = {
  gcp: ['models', 'chat', 'policy', 'queue', 'commands', 'bots'],
  models: ['chat', 'policy', 'queue', 'commands', 'bots'],
  chat: ['policy', 'queue', 'commands', 'bots'],
  policy: ['chat', 'models', 'gcp', 'queue', 'commands', 'bots'],
  queue: ['commands', 'bots'],
  commands: ['bots'],
};
const upward = Object.entries(above).flatMap(([room, rooms]) =>
  rooms.map((other) => [`src/${room}/to-${other}.ts`, `../${other}/some.ts`] as const),
);
const forbidden = [
  ...upward,
  ['src/bots/slack/to-stand-in.ts', '../../../emulators/slack/slack.ts'],
  ['emulators/slack/to-service.ts', '../../src/chat/message.ts'],
  ['src/bots/to-main.ts', '../main.ts'],
  ['src/errors.ts', './gcp/client.ts'],
] as const;
const allowed = [
  ['src/bots/slack/down.ts', '../../queue/inbox.ts'],
  ['src/bots/slack/beside.ts', '../bot.ts'],
  ['src/commands/down.ts', '../policy/access.ts'],
  ['src/queue/down.ts', '../chat/message.ts'],
  ['src/chat/down.ts', '../models/model.ts'],
  ['src/models/down.ts', '../gcp/client.ts'],
  ['src/gcp/down.ts', '../errors.ts'],
] as const;

describe('imports fall like water, and lint holds the line', () => {
  let dir: string;
  let said = '';

  // A house of its own with our rules: the lint reads files, not what is typed at it.
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dagobah-layers-'));
    for (const name of ['biome.json', '.gitignore']) await copyFile(join(root, name), join(dir, name));
    for (const [file, imported] of [...forbidden, ...allowed]) {
      await mkdir(dirname(join(dir, file)), { recursive: true });
      await writeFile(join(dir, file), `import { a } from '${imported}';\n\na();\n`);
    }
    const options = ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=github', '.'];
    said = await new Promise((resolve) => {
      execFile('biome', options, { cwd: dir, maxBuffer: 10_000_000 }, (_error, out, err) => resolve(out + err));
    });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test.each(forbidden)('%s may not import %s', (file) => {
    expect(said).toContain(`/${file},`);
  });

  test.each(allowed)('%s may import %s', (file) => {
    expect(said).not.toContain(`/${file},`);
  });
});
