// A server that lets everybody in says so on every page.
import { useQuery } from "@tanstack/react-query";
import { getJson } from "../api/http.ts";
import type { Posture } from "../api/types.ts";
import { Text } from "../kit/text.tsx";

export function SafetyBar() {
  const { data } = useQuery({
    queryKey: ["posture"],
    queryFn: async () => getJson<Posture>("/v1/system/security"),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const open = data?.checks.find(({ name, verdict }) => name === "api-key" && verdict !== "ok");
  if (open === undefined) return null;
  return (
    <p className="alarm">
      Unsafe: <Text>{open.reason}</Text>
    </p>
  );
}
