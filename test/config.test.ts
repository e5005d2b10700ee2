import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, settingNames } from '../src/config.ts';

const good = {
  SLACK_BOT_TOKEN: 'xoxb-not-a-token',
  SLACK_APP_TOKEN: 'xapp-not-a-token',
  GOOGLE_CLOUD_PROJECT: 'dagobah',
  VERTEX_ENDPOINT_ID: '42',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

describe('the settings', () => {
  test('are read with their defaults; an empty one is not there', () => {
    const config = readConfig({ ...good, DISCORD_TOKEN: '  ' });
    expect(config.discord).toBeUndefined();
    expect(config.slack?.apiUrl).toBe('https://slack.com/api/');
    expect(config.google).toMatchObject({ project: 'dagobah', location: 'us-central1', endpointId: '42' });
  });

  test('are refused all at once, each with the words that mend it', () => {
    const bad = { SLACK_BOT_TOKEN: 'abc', REDIS_URL: 'localhost', PORT: '0', LOG_LEVEL: 'loud', STAND_INS: 'mail' };
    expect(() => readConfig(bad)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(
          /SLACK_BOT_TOKEN starts with xoxb-[\s\S]*REDIS_URL is not an address[\s\S]*PORT[\s\S]*LOG_LEVEL/,
        ),
      }),
    );
    for (const name of ['SLACK_APP_TOKEN', 'GOOGLE_CLOUD_PROJECT', 'VERTEX_ENDPOINT_ID', 'STAND_INS']) {
      expect(() => readConfig(bad)).toThrow(name);
    }
  });

  test('name the missing half of a pair', () => {
    expect(() => readConfig({ ...good, SLACK_APP_TOKEN: '' })).toThrow(/SLACK_SIGNING_SECRET/);
    expect(() => readConfig({ ...good, SLACK_BOT_TOKEN: '' })).toThrow(/DISCORD_TOKEN/);
  });

  test('are taken under their older names', () => {
    const older = {
      ...good,
      GOOGLE_CLOUD_PROJECT: '',
      VERTEX_ENDPOINT_ID: '',
      GCP_VERTEX_PROJECT_ID: 'p',
      GCP_ENDPOINT_ID: '7',
    };
    expect(readConfig(older).google).toMatchObject({ project: 'p', endpointId: '7' });
  });

  test('are all told to whoever installs it: in .env.example or in the README', async () => {
    const root = join(import.meta.dirname, '..');
    const example = await readFile(join(root, '.env.example'), 'utf8');
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    for (const name of settingNames) expect(`${example}${readme}`).toContain(name);
    for (const [, name = ''] of example.matchAll(/^([A-Z_]+)=/gm)) expect(settingNames).toContain(name);
  });
});
