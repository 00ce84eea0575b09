// What the container engine says of each service now; asked again while somebody looks.
import { useQuery } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { SandboxHealth } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { useInterval } from "../../live/use-live.ts";
import { lookOfService } from "../sandboxes/look.ts";

const AGAIN_MS = 10_000;

export function Health({ id }: { readonly id: string }) {
  const refetchInterval = useInterval(AGAIN_MS);
  const { data, error, refetch } = useQuery<SandboxHealth, ApiError>({
    queryKey: ["sandbox-health", id],
    queryFn: async ({ signal }) =>
      getJson(`/v1/sandboxes/${encodeURIComponent(id)}/health`, { signal }),
    refetchInterval,
  });
  return (
    <Loaded what="its health" data={data} error={error} reload={() => void refetch()}>
      {({ illness, services }) => (
        <>
          {illness === null ? null : (
            <p className="notice waiting">
              <Text>{illness}</Text>
            </p>
          )}
          <Table
            label="Services"
            rows={services}
            keyOf={({ service }) => service}
            columns={[
              { title: "Service", cell: ({ service }) => <Text>{service}</Text> },
              { title: "Health", cell: (service) => <Chip {...lookOfService(service)} /> },
              { title: "Exit code", cell: ({ exitCode }) => exitCode ?? "" },
            ]}
          />
        </>
      )}
    </Loaded>
  );
}
