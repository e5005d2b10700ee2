/** The server of one deployed model: the real container's stand-in, or a script in its place. */
export interface ModelServer extends AsyncDisposable {
  /** Hands a prediction request on. Rejects while the server is down. */
  predict(body: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Kills it as a crash would; whether it comes back is the server's own matter. */
  kill(): void;
}
