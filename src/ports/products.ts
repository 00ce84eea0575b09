// Product folders of the project, as its git repository has them, and the archive they are put away in.
import type { FolderFacts, FolderKind } from "../domain/product.ts";
import type { Result } from "../domain/result.ts";

export type Split = {
  /** A git directory with the commits; gone when the work with it is over. */
  readonly gitDir: string;
  /** Head of the history of the folder alone, and its tree. */
  readonly sha: string;
  readonly tree: string;
  /** The project's commit that was split. */
  readonly sourceSha: string;
};

export type ProductFolder = {
  /** Of the products, relative to the project. */
  readonly source: string;
  readonly project: string;
};

/**
 * Contract (test/contract/products.suite.ts):
 * - A product is a real folder directly in the source, which is a real folder in the project. A link is never followed, and
 *   nothing outside of the source is touched but the archive.
 * - The project's repository is only read: nothing is written to it, and none of its hooks runs.
 * - The same history gives the same commits; a longer one goes on from them.
 * - A repository or folder that cannot be read as such is PRODUCT_INVALID; a source that is none, FILE_MISSING or PATH_ESCAPE.
 */
export type Products = {
  /** Sorted; `links` are left out of the folders. `source` is as it is kept. */
  readonly list: (source: string) => Promise<
    Result<{
      readonly source: string;
      readonly folders: readonly string[];
      readonly links: readonly string[];
    }>
  >;
  readonly look: (folder: ProductFolder) => Promise<Result<FolderFacts>>;
  readonly withSplit: <Value>(
    folder: ProductFolder,
    work: (split: Split) => Promise<Result<Value>>,
  ) => Promise<Result<Value>>;
  /** Whether something is at that place of the archive. */
  readonly lookAt: (place: string) => Promise<FolderKind>;
  /** Moves the folder there; false when the archive lies on another file system, and nothing was moved. */
  readonly archive: (folder: ProductFolder, place: string) => Promise<boolean>;
  /** Deletes what is at that place; nothing there is well too. */
  readonly remove: (place: string) => Promise<void>;
};
