// What a plan changes: each file with its lines before and after.
import { useMemo } from "react";
import { lineDiff } from "./line-diff.ts";
import type { DiffLine } from "./line-diff.ts";
import { Text } from "./text.tsx";
import "./file-diffs.css";

export type ChangedFile = {
  readonly file: string;
  readonly before: string | null;
  readonly after: string | null;
};

export const FileDiffs = ({ files }: { readonly files: readonly ChangedFile[] }) => (
  <>
    {files.map((changed) => (
      <FileDiff key={changed.file} changed={changed} />
    ))}
  </>
);

function FileDiff({ changed: { file, before, after } }: { readonly changed: ChangedFile }) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  const count = (mark: DiffLine["mark"]): number =>
    lines.filter((line) => line.mark === mark).length;
  const what = before === null ? "new" : after === null ? "removed" : "changed";
  return (
    <details open className="file-diff">
      <summary>
        <span className="mono">
          <Text>{file}</Text>
        </span>{" "}
        <span className="meta">
          {what}, +{count("+")} −{count("-")}
        </span>
      </summary>
      <pre tabIndex={0} aria-label={`Changes of ${file}`}>
        {lines.map(({ mark, text }, place) => (
          <span key={place} className={LOOKS[mark]}>
            {mark} <Text>{text}</Text>
            {"\n"}
          </span>
        ))}
      </pre>
    </details>
  );
}

const LOOKS = { "+": "added", "-": "removed", " ": "", "…": "meta" } as const;
