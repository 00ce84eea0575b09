// What each role did in a run, read from the run's events a page at a time.
import { countMembers, MEMBER_EVENTS, NOTHING_COUNTED } from "../domain/member-metrics.ts";
import type { MemberMetrics } from "../domain/member-metrics.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { Store } from "../ports/store.ts";
import { runUnknown } from "./show-run.ts";

const PAGE = 1000;

export async function memberMetrics(
  { store }: { readonly store: Store },
  run: string,
): Promise<Result<Readonly<Record<string, MemberMetrics>>>> {
  const isKnown = await store.read(async ({ runs }) => (await runs.get(run)) !== null);
  if (!isKnown) return runUnknown(run);
  let count = NOTHING_COUNTED;
  let after = 0;
  for (let isMore = true; isMore;) {
    const filter = { run, types: MEMBER_EVENTS, after, limit: PAGE };
    // Each page is a read of its own: what is long must not hold up the run it tells of.
    const page = await store.read(async ({ events }) => events.list(filter));
    count = countMembers(count, page);
    after = page.at(-1)?.seq ?? after;
    isMore = page.length === PAGE;
  }
  return ok(count.metrics);
}
