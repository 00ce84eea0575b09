// A file of the project to read and to change. It is saved only over what was read: what somebody else wrote since is shown,
// and the person decides.
import { useId, useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ApiError } from "../../api/http.ts";
import { getJson, postJson } from "../../api/http.ts";
import type { ProjectFile, SavedFile } from "../../api/types.ts";
import { marked } from "../../kit/marks.ts";
import { Failure, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { nameOf } from "./file-path.ts";
import { forFile, inField, lineEndsOf } from "./file-text.ts";
import { LeaveGuard } from "./leave-guard.tsx";

export const keyOfFile = (path: string) => ["system", "file", path] as const;

const readFile = async (path: string, signal?: AbortSignal): Promise<ProjectFile> =>
  getJson("/v1/system/read", { params: { path }, ...(signal === undefined ? {} : { signal }) });

export function Editor({ path }: { readonly path: string }) {
  const { data, error, refetch } = useQuery<ProjectFile, ApiError>({
    queryKey: keyOfFile(path),
    queryFn: async ({ signal }) => readFile(path, signal),
    // Nothing changes under the hands of somebody who writes.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Loaded what="the file" data={data} error={error} reload={() => void refetch()}>
      {(file) => <Field key={path} file={file} />}
    </Loaded>
  );
}

type Saving = { readonly text: string; readonly over: ProjectFile };

/** The save, and what the file holds by now where somebody else was faster. */
function useSave(path: string) {
  const client = useQueryClient();
  const [newer, setNewer] = useState<ProjectFile | null>(null);
  const keep = (file: ProjectFile): void => {
    client.setQueryData(keyOfFile(path), file);
    setNewer(null);
  };
  const { mutate, error, isPending, isSuccess, reset } = useMutation<SavedFile, ApiError, Saving>({
    mutationFn: async ({ text, over }) => {
      const body = { path, content: forFile(text, lineEndsOf(over.content).ends) };
      return postJson("/v1/system/save", body, { "if-match": `"${over.digest}"` });
    },
    onSuccess: ({ digest }, { text, over }) => {
      keep({ path, digest, content: forFile(text, lineEndsOf(over.content).ends) });
    },
    onError: async ({ code }) => {
      if (code === "FILE_STALE") setNewer(await readFile(path));
    },
  });
  return { save: mutate, error, isPending, isSuccess, reset, newer, keep };
}

function Field({ file }: { readonly file: ProjectFile }) {
  const { path } = file;
  const [draft, setDraft] = useState<string | null>(null);
  const fieldId = useId();
  const saving = useSave(path);
  const text = draft ?? inField(file.content);
  const isChanged = text !== inField(file.content);
  const { error, newer } = saving;
  const save = (): void => {
    if (isChanged && !saving.isPending) saving.save({ text, over: file });
  };
  const drop = (content: string): void => {
    saving.reset();
    setDraft(inField(content));
  };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {isChanged ? <LeaveGuard what={nameOf(path)} /> : null}
      <Notes content={file.content} />
      <label htmlFor={fieldId} className="hidden-label">
        Text of {path}
      </label>
      <textarea
        id={fieldId}
        className="mono"
        spellCheck={false}
        value={text}
        onChange={({ target }) => setDraft(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          save();
        }}
      />
      <p className="toolbar">
        <button className="primary" disabled={!isChanged || saving.isPending}>
          {saving.isPending ? "Saving…" : "Save"}
        </button>
        <button type="button" disabled={!isChanged} onClick={() => drop(file.content)}>
          Undo all
        </button>
        <output>{isChanged ? "Not saved" : saving.isSuccess ? "Saved" : ""}</output>
      </p>
      {newer !== null && isChanged ? (
        <Conflict
          newer={newer}
          take={() => {
            saving.keep(newer);
            drop(newer.content);
          }}
          overwrite={() => saving.save({ text, over: newer })}
        />
      ) : error === null ? null : (
        <Failure error={error} />
      )}
    </form>
  );
}

type ConflictProps = {
  readonly newer: ProjectFile;
  readonly take: () => void;
  readonly overwrite: () => void;
};

const Conflict = ({ newer, take, overwrite }: ConflictProps) => (
  <div className="notice failed" role="alert">
    <h2>Not saved: the file changed since you read it</h2>
    <p>
      Your text still stands in the field above. This is what the file holds now; copy from either
      what you need.
    </p>
    <pre className="exact" tabIndex={0} aria-label="What the file holds now">
      <Text>{newer.content}</Text>
    </pre>
    <p className="toolbar">
      <button type="button" className="danger" onClick={overwrite}>
        Save mine over it
      </button>
      <button type="button" className="danger" onClick={take}>
        Drop mine, take it
      </button>
    </p>
  </div>
);

/** What a field cannot show of a text. */
function Notes({ content }: { readonly content: string }) {
  const { isMixed, ends } = lineEndsOf(content);
  const shown = marked(content.replaceAll("\r", ""));
  return (
    <>
      {isMixed ? (
        <p className="notice waiting">
          Its lines end in several ways; a save makes all of them{" "}
          {ends === "\n" ? "LF" : ends === "\r\n" ? "CRLF" : "CR"}.
        </p>
      ) : null}
      {shown === content.replaceAll("\r", "") ? null : (
        <details className="notice waiting">
          <summary>It holds characters that hide or turn text. Show them as marks</summary>
          <pre className="exact" tabIndex={0}>
            {shown}
          </pre>
        </details>
      )}
    </>
  );
}
