import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Starts a real browser that reaches nothing but the addresses it is sent to. Throws with the words that mend it when there is none. */
export async function startChromium(
  places: readonly string[] = [...usualPlaces, chromium.executablePath()],
): Promise<Browser> {
  const executablePath = places.find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error(
      'The playground is tested in a real browser and none was found. Install one: `apt-get install -y chromium` (Debian, as root) or `npx playwright-core install chromium`.',
    );
  const args =
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
  return chromium.launch({ executablePath, args: args.split(' ') });
}
