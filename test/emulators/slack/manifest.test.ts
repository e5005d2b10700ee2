import { expect, test } from 'vitest';
import { readManifest } from '../../../emulators/slack/manifest.ts';
import { manifest } from './workspace.ts';

test('the manifest in the repository is one that Slack takes', () => {
  const read = readManifest(manifest);
  expect(read.commands.map(({ command }) => command)).toEqual(['/yoda', '/yoda-ops']);
  expect(read.botName).toBe('Yoda');
});

test.each([
  [
    'a name that is too long',
    /^ {2}name: Yoda$/m,
    '  name: Yoda, master of many words and of the Force',
    'display_information.name',
  ],
  ['a command with a capital', 'command: /yoda-ops', 'command: /Yoda', 'command'],
  ['a field that does not exist', 'token_rotation_enabled', 'token_rotations_enabled', 'token_rotations_enabled'],
  ['an event without its scope', '- im:history', '- im:read', 'im:history'],
  ['commands without their scope', '- commands #', '- files:read #', 'commands'],
])('%s is refused by name', (_, before, after, named) => {
  const broken = manifest.replace(before, after);
  expect(broken).not.toBe(manifest);
  expect(() => readManifest(broken)).toThrow(named);
});
