import type { Log } from '../log.ts';

export interface Fresh<Value> {
  /** What is known, at once. The first call waits for the loading; an older value is loaded anew in the background. */
  current(): Promise<Value>;
  /** The next `current` waits for a new loading. */
  forget(): void;
}

/**
 * Keeps something that is read often and changes seldom. Callers share one loading. When a later loading fails, the
 * old value stays and the fault is logged; a first one that fails is tried again at the next call.
 */
export function createFresh<Value>(
  options: { readonly name: string; readonly maxAgeMs: number; readonly load: () => Promise<Value> },
  deps: { readonly log: Log; readonly now: () => number },
): Fresh<Value> {
  let known: { readonly value: Value } | undefined;
  let triedAt = 0;
  let loading: Promise<Value> | undefined;

  function reload(): Promise<Value> {
    triedAt = deps.now();
    loading ??= options
      .load()
      .then((value) => {
        known = { value };
        return value;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  return {
    async current() {
      if (known === undefined) return reload();
      if (deps.now() - triedAt >= options.maxAgeMs)
        reload().catch((error: unknown) => deps.log.warn({ err: error }, `${options.name} could not be read anew`));
      return known.value;
    },
    forget() {
      known = undefined;
    },
  };
}
