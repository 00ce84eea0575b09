// One answer of the server, asked for once or again and again.
import { useQuery } from "@tanstack/react-query";
import type { ApiError, Params } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import { useInterval } from "../../live/use-live.ts";

export type Asked<Data> = {
  readonly data: Data | undefined;
  readonly error: ApiError | null;
  readonly reload: () => void;
  readonly isAsking: boolean;
  /** When the data came, in milliseconds; 0 while there is none. */
  readonly cameAt: number;
};

type Options = { readonly params?: Params; readonly everyMs?: number };

export function useAsked<Data>(path: string, { params = {}, everyMs }: Options = {}): Asked<Data> {
  const refetchInterval = useInterval(everyMs);
  const { data, error, refetch, isFetching, dataUpdatedAt } = useQuery<Data, ApiError>({
    queryKey: ["system", path, params],
    queryFn: async ({ signal }) => getJson(path, { params, signal }),
    refetchInterval,
  });
  return {
    data,
    error,
    reload: () => void refetch(),
    isAsking: isFetching,
    cameAt: dataUpdatedAt,
  };
}
