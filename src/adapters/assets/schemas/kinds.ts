// Every kind of asset with its one schema, and that schema as JSON Schema for editors and for `orket schema`.
import { z } from "zod";
import type { JsonObject } from "../../../domain/json.ts";
import { epic, issue, rock } from "./card.ts";
import { department, organization } from "./organization.ts";
import { dialect, environment, role, team } from "./team.ts";

export const SCHEMAS = {
  organization,
  department,
  team,
  role,
  dialect,
  environment,
  issue,
  epic,
  rock,
} as const;

export type AssetKind = keyof typeof SCHEMAS;
export type AssetData<Kind extends AssetKind> = z.output<(typeof SCHEMAS)[Kind]>;

export const ASSET_KINDS = Object.keys(SCHEMAS) as readonly AssetKind[];

const schemas = new Map<AssetKind, JsonObject>();

/** JSON Schema, draft 2020-12, of what a file of that kind may hold. */
export function jsonSchemaOf(kind: AssetKind): JsonObject {
  const known = schemas.get(kind);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(SCHEMAS[kind], {
    io: "input",
    target: "draft-2020-12",
  }) as JsonObject;
  schemas.set(kind, made);
  return made;
}
