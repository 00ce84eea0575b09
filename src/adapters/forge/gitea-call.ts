// Calls whose answers are decoded, and lists that are read to their end.
import type { z } from "zod";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Repository } from "../../ports/forge.ts";
import type { ApiCall, GiteaDeps } from "./gitea-wire.ts";
import { callApi, nameOf, unavailable } from "./gitea-wire.ts";

export type Caller = { readonly deps: GiteaDeps; readonly signal: AbortSignal };

export type By = (signal: AbortSignal) => Caller;

export const pathOf = ({ owner, name }: Repository): readonly string[] => ["repos", owner, name];

const PAGE = 50;

export async function callFor<Value>(
  { deps, signal }: Caller,
  call: ApiCall,
  shape: z.ZodType<Value>,
): Promise<Result<Value>> {
  const answer = await callApi(deps, call, signal);
  return answer.ok ? decode(call, answer.value.text, shape) : answer;
}

function decode<Value>(call: ApiCall, text: string, shape: z.ZodType<Value>): Result<Value> {
  const name = nameOf(call);
  const notJson = unavailable(name, "its answer is no JSON of the API", true);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return notJson;
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const at = parsed.error.issues[0]?.path.join(".") ?? "";
  return unavailable(name, `its answer lacks ${at === "" ? "its shape" : at}`, true);
}

export type List<Value> = {
  readonly call: Pick<ApiCall, "path" | "query">;
  readonly shape: z.ZodType<readonly Value[]>;
  readonly max: number;
};

/** Page after page; `isWhole` is false when there are more than `max`. */
export async function listAll<Value>(
  { deps, signal }: Caller,
  { call, shape, max }: List<Value>,
): Promise<Result<{ readonly items: readonly Value[]; readonly isWhole: boolean }>> {
  const items: Value[] = [];
  for (let page = 1; ; page += 1) {
    const query = { ...call.query, page: String(page), limit: String(PAGE) };
    const request: ApiCall = { method: "GET", path: call.path, query, ok: [200] };
    const answer = await callApi(deps, request, signal);
    if (!answer.ok) return answer;
    const found = decode(request, answer.value.text, shape);
    if (!found.ok) return found;
    items.push(...found.value);
    // The server may give fewer to a page than it was asked for; what it counted is what there is.
    const total = Number(answer.value.header("x-total-count") ?? Number.NaN);
    const hasMore = Number.isFinite(total)
      ? items.length < total && found.value.length > 0
      : found.value.length === PAGE || answer.value.header("x-hasmore") === "true";
    if (!hasMore) return ok({ items: items.slice(0, max), isWhole: items.length <= max });
    if (items.length >= max) return ok({ items: items.slice(0, max), isWhole: false });
  }
}

/** For a call whose answer holds nothing that is needed. */
export async function callOnly({ deps, signal }: Caller, call: ApiCall): Promise<Result<null>> {
  const answer = await callApi(deps, call, signal);
  return answer.ok ? ok(null) : answer;
}
