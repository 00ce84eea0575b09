// The project's own files: its folders, and one file to read and to change. What is open stands in the address.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ApiError } from "../../api/http.ts";
import { getJson } from "../../api/http.ts";
import type { Folder } from "../../api/types.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Failure, Skeleton } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { Editor } from "./editor.tsx";
import { addressOfFile, nameOf, parentOf, stepsTo } from "./file-path.ts";
import { FolderList } from "./folder-list.tsx";
import { isOfBacklog, PromptPreview } from "./prompt-preview.tsx";
import { SystemFrame } from "./system-frame.tsx";

const useFolder = (path: string, isWanted: boolean) =>
  useQuery<Folder, ApiError>({
    queryKey: ["system", "folder", path],
    queryFn: async ({ signal }) => getJson("/v1/system/explorer", { params: { path }, signal }),
    enabled: isWanted,
  });

/** The folder above says whether a path is a folder; what it does not list is asked for as a file, and the server says why not. */
function useOpen(path: string) {
  const above = useFolder(parentOf(path), path !== "");
  const isFolder =
    path === "" || above.data?.items.find(({ name }) => name === nameOf(path))?.is_dir === true;
  const inside = useFolder(path, isFolder);
  return isFolder
    ? { ...inside, folder: path, isFolder }
    : { ...above, folder: parentOf(path), isFolder };
}

export default function FilesPage() {
  const path = useSearchState().get("path") ?? "";
  const { data, error, refetch, folder, isFolder } = useOpen(path);
  return (
    <SystemFrame title="Files">
      <Crumbs path={path} />
      {error === null ? null : <Failure error={error} retry={() => void refetch()} />}
      <div className="files">
        {data === undefined ? (
          error === null && <Skeleton what="the folder" />
        ) : (
          <>
            <FolderList folder={folder} items={data.items} open={path} />
            <section className="open-file" aria-label="File">
              {isFolder ? <NoFile /> : <Editor path={path} />}
              {isOfBacklog(path) ? <PromptPreview key={path} path={path} /> : null}
            </section>
          </>
        )}
      </div>
    </SystemFrame>
  );
}

const Crumbs = ({ path }: { readonly path: string }) => (
  <nav aria-label="Path">
    <ol className="crumbs">
      <li>
        <Link href="/system/files" aria-current={path === "" ? "page" : undefined}>
          Project
        </Link>
      </li>
      {stepsTo(path).map((step) => (
        <li key={step}>
          <Link href={addressOfFile(step)} aria-current={step === path ? "page" : undefined}>
            <Text>{nameOf(step)}</Text>
          </Link>
        </li>
      ))}
    </ol>
  </nav>
);

const NoFile = () => (
  <Empty title="No file is open.">
    <p>
      Choose one to read it, and to change it with a key of scope admin. Keys, environment files,
      databases, <code>.git</code> and <code>.orket</code> are never shown here.
    </p>
  </Empty>
);
