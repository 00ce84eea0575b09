// What a folder of the project holds, folders first.
import { Link } from "wouter";
import type { Folder } from "../../api/types.ts";
import { Text } from "../../kit/text.tsx";
import { VirtualList } from "../../kit/virtual-list.tsx";
import { addressOfFile, parentOf, within } from "./file-path.ts";

const ROW_PX = 30;

export type FolderListProps = {
  readonly folder: string;
  readonly items: Folder["items"];
  /** The path that is open. */
  readonly open: string;
};

export const FolderList = ({ folder, items, open }: FolderListProps) => (
  <nav className="folder" aria-label="Folder">
    {folder === "" ? null : (
      <Link className="file up" href={addressOfFile(parentOf(folder))}>
        Up
      </Link>
    )}
    {items.length === 0 ? (
      <p className="meta">Nothing that is shown here is in this folder.</p>
    ) : (
      <VirtualList label="Its files" items={items} rowHeight={ROW_PX} keyOf={({ name }) => name}>
        {({ name, is_dir: isFolder }) => {
          const path = within(folder, name);
          return (
            <Link
              className="file clip"
              href={addressOfFile(path)}
              aria-current={path === open ? "page" : undefined}
            >
              <Text>{isFolder ? `${name}/` : name}</Text>
            </Link>
          );
        }}
      </VirtualList>
    )}
  </nav>
);
