// Two runs side by side: how they ended, and what they took.
import type { ReactNode } from "react";
import { getJson } from "../../api/http.ts";
import type { Run, RunPage, RunView } from "../../api/types.ts";
import { Chip, lookOfRun } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Failure, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { isForRun } from "../run/run-data.ts";
import { costOf, durationOf, tokensOf } from "../runs/amounts.ts";

export default function ComparePage() {
  const { get } = useSearchState();
  const [one, other] = [get("a"), get("b")];
  const choices = useChoices();
  return (
    <>
      <PageHead title="Compare runs">
        <Choose name="a" label="One" />
        <Choose name="b" label="Other" />
      </PageHead>
      {one !== null && other !== null ? (
        <Both one={one} other={other} />
      ) : choices.error === null ? (
        <Empty title="Choose two runs." />
      ) : (
        <Failure error={choices.error} retry={choices.reload} />
      )}
    </>
  );
}

const useChoices = () =>
  useLive<RunPage>({
    key: ["runs-to-compare"],
    load: async (signal) => getJson("/v1/runs", { params: { limit: 100 }, signal }),
    apply: reloadOn(({ type }) => type === "run-queued" || type === "run-forked"),
  });

function Choose({ name, label }: { readonly name: "a" | "b"; readonly label: string }) {
  const { get, set } = useSearchState();
  const { data } = useChoices();
  return (
    <label>
      {label}{" "}
      <select value={get(name) ?? ""} onChange={({ target }) => set({ [name]: target.value })}>
        <option value="">none</option>
        {(data?.runs ?? []).map(({ id, card }) => (
          <option key={id} value={id}>
            {`${card} ${id}`}
          </option>
        ))}
      </select>
    </label>
  );
}

const useRun = (id: string) =>
  useLive<RunView>({
    key: ["run-to-compare", id],
    load: async (signal) => getJson(`/v1/runs/${encodeURIComponent(id)}`, { signal }),
    apply: reloadOn(isForRun(id)),
  });

type Row = { readonly name: string; readonly of: (run: Run) => ReactNode };
const ROWS: readonly Row[] = [
  { name: "Card", of: ({ card }) => <Text>{card}</Text> },
  { name: "State", of: (run) => <Chip {...lookOfRun(run)} /> },
  { name: "Model", of: ({ model }) => <Text>{model ?? "as the project has it"}</Text> },
  { name: "Began", of: ({ createdAt }) => momentOf(createdAt) },
  { name: "Worked", of: ({ activeMs }) => durationOf(activeMs) },
  { name: "Turns", of: ({ turns }) => turns },
  { name: "Tokens in / out", of: ({ usage }) => tokensOf(usage) },
  { name: "Cost", of: ({ usage }) => costOf(usage) },
];

function Both({ one, other }: { readonly one: string; readonly other: string }) {
  const [first, second] = [useRun(one), useRun(other)];
  const data =
    first.data === undefined || second.data === undefined ? undefined : [first.data, second.data];
  const reload = (): void => {
    first.reload();
    second.reload();
  };
  return (
    <Loaded what="both runs" data={data} error={first.error ?? second.error} reload={reload}>
      {(views) => (
        <section className="table-scroll" aria-label="Both runs" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                {views.map(({ run }, place) => (
                  <th scope="col" key={place}>
                    {run.id}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ROWS.map(({ name, of }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {views.map(({ run }, place) => (
                    <td key={place}>{of(run)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Loaded>
  );
}
