// How safely the server is set up: each check with its verdict and what to do about it, failures first.
import type { Posture } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { CopyButton } from "./copy-button.tsx";
import { countsOf, failuresFirst, LOOKS } from "./posture.ts";
import { SystemFrame } from "./system-frame.tsx";
import { useAsked } from "./use-asked.ts";

export default function SecurityPage() {
  const posture = useAsked<Posture>("/v1/system/security");
  const { data, cameAt, isAsking, reload } = posture;
  return (
    <SystemFrame
      title="Security"
      aside={
        <>
          {data === undefined ? null : (
            <output>
              <strong>{countsOf(data.checks)}</strong>
              <span className="meta">
                {" "}
                checked <Since at={new Date(cameAt).toISOString()} /> ago
              </span>
            </output>
          )}
          <button type="button" onClick={reload} disabled={isAsking}>
            {isAsking ? "Checking…" : "Check again"}
          </button>
        </>
      }
    >
      <Loaded what="the security posture" {...posture}>
        {({ checks }) => (
          <Table
            label="Checks"
            rows={failuresFirst(checks)}
            keyOf={({ name }) => name}
            columns={[
              { title: "Verdict", cell: ({ verdict }) => <Chip {...LOOKS[verdict]} /> },
              { title: "What", cell: ({ name }) => <Text>{name}</Text> },
              { title: "Why", cell: ({ reason }) => <Text>{reason}</Text> },
              {
                title: "Remedy",
                cell: ({ name, remedy }) =>
                  remedy === null ? null : (
                    <>
                      <Text>{remedy}</Text>{" "}
                      <CopyButton text={remedy} what={`the remedy of ${name}`} />
                    </>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
    </SystemFrame>
  );
}
