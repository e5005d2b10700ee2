import pino, { type Logger } from 'pino';

export type Log = Logger;

/** One JSON object a line. Tokens are cut out by shape, so that a library's error cannot carry one into the log. */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const out = destination ?? { write: (line: string) => process.stdout.write(line) };
  return pino(options, { write: (line: string) => out.write(withoutSecrets(line)) });
}

const secretShapes = [
  /xox[a-z]-[\w-]+|xapp-[\w-]+/g, // Slack bot, user and app tokens
  /\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}\b/g, // Discord bot tokens: three base64url parts
  /\bya29\.[\w.-]+/g, // Google access tokens
  /(?<=\/webhooks\/\d+\/)[\w-]{20,}/g, // Discord interaction tokens, in the address of a refused call
  /(?<=hooks\.slack\.com\/)[\w/-]{20,}/g, // Slack response_urls
  /(?<=Bearer |Bot )[\w.~+/-]{8,}=*/g,
];

/** Replaces whatever looks like a credential with `[secret]`. */
function withoutSecrets(text: string): string {
  return secretShapes.reduce((line, shape) => line.replace(shape, '[secret]'), text);
}
