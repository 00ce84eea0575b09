// The project's files for a person without a shell: look through them, read one, save one.
import { z } from "zod";
import {
  exploreProject,
  PROJECT_FILE_BYTES_MAX,
  readProjectFile,
  saveProjectFile,
} from "../../app/project-files.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import { explorerSchema, fileSchema, savedSchema } from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer } from "../translate.ts";

type Parts = Pick<Api, "projectFiles">;

const path = z.string().min(1).max(4096);
/** JSON writes some characters with six; the file itself is measured again. */
const BODY_BYTES_MAX = 6 * PROJECT_FILE_BYTES_MAX + 8192;

export const fileRoutes = (api: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/system/explorer",
    about: "What a folder of the project holds; nothing of a folder that is not there",
    auth: "read",
    errors: ["PATH_ESCAPE", "PATH_PROTECTED", "FILE_UNFIT", "FILE_TOO_LARGE"],
    query: z.strictObject({
      // `?path=` is the project itself, as no path is.
      path: z
        .string()
        .max(4096)
        .transform((text) => (text === "" ? "." : text))
        .default("."),
    }),
    answer: explorerSchema,
    handle: async ({ query }) =>
      answer(exploreProject(api, query.path), (items) => ({
        items: items.map(({ name, isDirectory, extension }) => ({
          name,
          is_dir: isDirectory,
          ext: extension,
        })),
        path: query.path,
      })),
  }),
  route({
    method: "GET",
    path: "/v1/system/read",
    about: "The text of a file of the project, with its ETag",
    auth: "read",
    errors: ["PATH_ESCAPE", "PATH_PROTECTED", "FILE_MISSING", "FILE_UNFIT", "FILE_TOO_LARGE"],
    query: z.strictObject({ path }),
    answer: fileSchema,
    handle: async ({ query, reply }) =>
      answer(readProjectFile(api, query.path), ({ text, digest }) => {
        reply.header("etag", `"${digest}"`);
        return { path: query.path, content: text, digest };
      }),
  }),
  route({
    method: "POST",
    path: "/v1/system/save",
    about: "Saves a text; with `If-Match` only over what the caller has read",
    auth: "admin",
    errors: [
      "PATH_ESCAPE",
      "PATH_PROTECTED",
      "FILE_UNFIT",
      "FILE_TOO_LARGE",
      "FILE_STALE",
      "TOOL_ARGUMENT",
      "BODY_TOO_LARGE",
    ],
    bodyBytesMax: BODY_BYTES_MAX,
    body: z.strictObject({ path, content: z.string() }),
    answer: savedSchema,
    handle: async ({ body, request, reply }) => {
      const expected = expectedDigest(request.headers["if-match"]);
      if (!expected.ok) return expected;
      const saved = saveProjectFile(api, { ...body, expectedDigest: expected.value });
      return answer(saved, ({ digest }) => {
        reply.header("etag", `"${digest}"`);
        return { ok: true as const, path: body.path, digest };
      });
    },
  }),
];

/** One strong tag as it was given; nothing when nobody asks. A list or a weak tag would promise what is not kept. */
function expectedDigest(header: string | undefined): Result<string | undefined> {
  if (header === undefined) return ok(undefined);
  const [, digest] = /^"([0-9a-f]{64})"$/.exec(header.trim()) ?? [];
  return digest === undefined
    ? refuse("FILE_STALE", "If-Match is not a tag that a read has given; nothing was saved.")
    : ok(digest);
}
