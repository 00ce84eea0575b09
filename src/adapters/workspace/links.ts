// Whether a link that was met leads out of the workspace. No link is ever followed; the answer only chooses between
// "this leaves the folder", which ends a turn, and "this is no regular file", which an agent can work around.
import { readlinkSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Refusal } from "../../domain/result.ts";

export function judgeLink(refusal: Refusal, root: string): Refusal {
  const { link, path } = refusal.details;
  if (link !== true || typeof path !== "string") return refusal;
  if (!leadsInside(join(root, path), root)) return refusal;
  return {
    ...refusal,
    code: "FILE_UNFIT",
    message: `${path} is a symbolic link; links are not followed.`,
  };
}

function leadsInside(link: string, root: string): boolean {
  try {
    return isWithin(realpathSync(link), root);
  } catch {
    return dangles(link, root);
  }
}

function dangles(link: string, root: string): boolean {
  try {
    return isWithin(resolve(dirname(link), readlinkSync(link)), root);
  } catch {
    return false;
  }
}

const isWithin = (path: string, root: string): boolean =>
  path === root || path.startsWith(`${root}/`);
