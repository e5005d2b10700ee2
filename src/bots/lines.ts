/** Does the acts of one line one after the other, and those of different lines side by side. */
export type Lines = <Result>(line: string, act: () => Promise<Result>) => Promise<Result>;

/** What fails is the caller's, and the next act of its line begins all the same. */
export function createLines(): Lines {
  const last = new Map<string, Promise<unknown>>();
  return async (line, act) => {
    const before = last.get(line) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(act);
    last.set(line, mine);
    try {
      return await mine;
    } finally {
      if (last.get(line) === mine) last.delete(line);
    }
  };
}
