// What a call of the fake forge's API is given and gives, and how lists are cut into pages.
import type { World } from "./actions.ts";
import type { ForgeAccount, ForgePull, ForgeRepository, Right } from "./state.ts";

export type ApiAnswer = {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type ApiRequest = World & {
  readonly actor: ForgeAccount | null;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly named: Readonly<Record<string, string>>;
  readonly repository: ForgeRepository | undefined;
};

export type Known = Omit<ApiRequest, "actor"> & { readonly actor: ForgeAccount };
export type InRepository = Omit<Known, "repository"> & { readonly repository: ForgeRepository };
export type OnPull = InRepository & { readonly pull: ForgePull };

export type Route = {
  readonly method: string;
  readonly path: string;
  readonly scope: "repository" | "issue" | "user" | "organization";
  readonly right: Right;
  readonly answer: (request: Known) => ApiAnswer;
};

export const fail = (status: number, message: string): ApiAnswer => ({
  status,
  json: { message, url: "/api/swagger", ...(status === 404 ? { errors: [] } : {}) },
});

export const inRepository =
  (answer: (request: InRepository) => ApiAnswer) =>
  (request: Known): ApiAnswer =>
    request.repository === undefined
      ? fail(404, "Not Found")
      : answer({ ...request, repository: request.repository });

export const onPull = (answer: (request: OnPull) => ApiAnswer): ((request: Known) => ApiAnswer) =>
  inRepository((request) => {
    const number = Number(request.named["number"]);
    const pull = request.repository.pulls.find((one) => one.number === number);
    return pull === undefined ? fail(404, "Not Found") : answer({ ...request, pull });
  });

export function page(
  query: URLSearchParams,
  items: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): ApiAnswer {
  const limit = Math.min(50, Math.max(1, Number(query.get("limit") ?? 30) || 30));
  const at = (Math.max(1, Number(query.get("page") ?? 1) || 1) - 1) * limit;
  return {
    status: 200,
    json: items.slice(at, at + limit),
    headers: { "x-total-count": String(items.length), ...headers },
  };
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
