/** Counts what is under way, so that closing can wait for it. */
export interface InFlight {
  /** Runs it and counts it until it settles. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is under way, or after this time. */
  drained(atMostMs: number): Promise<void>;
}

export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  return {
    async track(work) {
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    async drained(atMostMs) {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, atMostMs);
      const quiet = async () => {
        while (running.size > 0) await Promise.allSettled(running);
      };
      await Promise.race([quiet(), patience.promise]);
      clearTimeout(timer);
    },
  };
}
