// What a page is for the table of routes.
import type { ComponentType } from "react";

/** The values of the `:names` in its path. */
export type PageProps = { readonly params: Readonly<Record<string, string>> };
export type Page = ComponentType<PageProps>;
