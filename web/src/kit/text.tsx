// Text that others wrote: models, tools, people, forges. It is only ever a text; see marks.ts for what is drawn as a mark.
import { marked } from "./marks.ts";

export { marked };

export const Text = ({ children }: { readonly children: string }) => <bdi>{marked(children)}</bdi>;
