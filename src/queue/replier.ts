import type { Address, Platform } from '../chat/message.ts';

/**
 * What the worker needs of a chat platform to hand an answer over. It uses the platform's REST only: no socket is opened.
 * Every method throws `TransientError` for a fault that can pass and any other error for one that cannot.
 */
export interface Replier {
  readonly platform: Platform;
  /**
   * Cuts an answer into the posts that carry it, each made safe, formatted and within the platform's limits.
   * Lossless, and the same text always gives the same parts, so that a later try can go on where an earlier one ended.
   */
  parts(text: string): readonly string[];
  /**
   * Posts one part and returns the platform's id of the post. `key` is the same for each try of the same part
   * (at most 140 characters) and ends in the part's number, from 0. With `again` an earlier try may have arrived: the platform is asked first, and the
   * post found there is returned instead of a second one.
   */
  post(address: Address, part: string, key: string, again: boolean): Promise<string>;
  /** Shows that Yoda is at work on it; called again every few seconds until `rested`. Cosmetic: a failure is only logged. */
  working(address: Address): Promise<void>;
  /** Takes that sign away, where the platform does not do so by itself when the answer arrives. Cosmetic. */
  rested(address: Address): Promise<void>;
}
