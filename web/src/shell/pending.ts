// How many decisions wait for a person, on every page; it also keeps the tab on the event stream wherever somebody is.
import { getJson } from "../api/http.ts";
import type { ApprovalPage } from "../api/types.ts";
import type { LiveAnswer } from "../live/use-live.ts";
import { reloadOn, useLive } from "../live/use-live.ts";

/** The inbox and the rail hold the same list. */
export const usePendingApprovals = (): LiveAnswer<ApprovalPage> =>
  useLive<ApprovalPage>({
    key: ["approvals"],
    load: async (signal) => getJson("/v1/approvals", { signal }),
    apply: reloadOn(({ type }) => type.startsWith("approval-")),
  });
