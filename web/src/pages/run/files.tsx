// What the turns of a run changed: each file with its lines, opened one at a time.
import { getJson } from "../../api/http.ts";
import type { RunFiles } from "../../api/types.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { isOfRun } from "./run-data.ts";

export function Files({ id }: { readonly id: string }) {
  const { get, set } = useSearchState();
  const fromTurn = Number(get("from")) || 1;
  const files = useLive<RunFiles>({
    key: ["run-files", id, fromTurn],
    load: async (signal) =>
      getJson(`/v1/runs/${encodeURIComponent(id)}/files`, {
        params: { from_turn: fromTurn },
        signal,
      }),
    apply: reloadOn((event) => isOfRun(id)(event) && event.type === "turn-finished"),
  });
  return (
    <Loaded what="its files" {...files}>
      {({ files: shown, nextTurn }) => (
        <>
          {shown.length === 0 ? <Empty title="No file was changed." /> : null}
          {shown.map((file) => (
            <details key={`${file.turn} ${file.build} ${file.path}`}>
              <summary>
                Turn {file.turn} <Text>{file.path}</Text>{" "}
                <span className="meta">
                  {file.change}, +{file.linesAdded} −{file.linesRemoved}
                </span>
              </summary>
              <Lines text={file.isBinary ? "It is no text." : file.text} />
            </details>
          ))}
          {nextTurn === null ? null : (
            <button type="button" onClick={() => set({ from: String(nextTurn) })}>
              Later turns
            </button>
          )}
        </>
      )}
    </Loaded>
  );
}

const Lines = ({ text }: { readonly text: string }) => (
  <pre className="exact diff" tabIndex={0}>
    {text.split("\n").map((line, place) => (
      <span key={place} className={lookOf(line)}>
        <Text>{line}</Text>
        {"\n"}
      </span>
    ))}
  </pre>
);

const lookOf = (line: string): string =>
  line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
