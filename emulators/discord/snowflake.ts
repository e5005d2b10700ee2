/** Discord's ids: milliseconds since 2015 in the upper bits, a counter in the lower 22; later ids are greater. */
const discordEpochMs = 1_420_070_400_000n;
let last = 0n;

export function snowflake(atMs: number = Date.now()): string {
  const wanted = (BigInt(atMs) - discordEpochMs) << 22n;
  last = wanted > last ? wanted : last + 1n;
  return String(last);
}

/** Negative when `a` is the older one. */
export function compareSnowflakes(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
