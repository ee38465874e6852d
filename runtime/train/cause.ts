// Takes submissions and a read that is queued behind them, gives what was read, or why it could not be.

import type { Submissions } from "../backend.js";
import { ignore } from "../webgpuFaults.js";

/**
 * A read of what a failed run should have written fails too, or gives an earlier run's numbers: what failed first is told,
 * whichever is known sooner.
 */
export async function readBehind<T>(submitted: Submissions, read: Promise<T>): Promise<T> {
  read.catch(ignore);
  await submitted.settled();
  return read;
}
