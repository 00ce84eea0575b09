// The sessions of the dashboard on disk, so that a page somebody left open goes on after a restart. The file is the server's
// own and holds digests alone: nobody gets in with what stands there.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Shelf } from "./tokens.ts";

const schema = z.array(
  z.strictObject({
    name: z.string(),
    key: z.strictObject({ id: z.string().nullable(), digest: z.string() }),
    until: z.number(),
  }),
);

export function createSessionFile(path: string): Shelf {
  return {
    read: () => {
      try {
        return schema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        // None yet, or none of ours: whoever was signed in signs in again.
        return [];
      }
    },
    write: (tokens) => {
      const draft = `${path}.new`;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // A file that lies there already keeps its mode.
      rmSync(draft, { force: true });
      writeFileSync(draft, JSON.stringify(tokens), { mode: 0o600, flag: "wx" });
      renameSync(draft, path);
    },
  };
}
