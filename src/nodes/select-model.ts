// The built-in selectModel node: the first of the places that names a model. Whether the model exists is not decided here.
import { keyOf } from "../domain/card-moves.ts";
import type { SelectModelNode } from "../domain/decision.ts";

/** An empty answer means that no place names one; the model port refuses it with the way out. */
export const selectModel: SelectModelNode = (input) => {
  const places: readonly unknown[] = [
    input.flag,
    ofRole(input.epicOverrides, input.role),
    ofRole(input.roleSettings, input.role),
    input.environment.model,
    input.departmentDefault,
    input.organizationDefault,
    input.setting,
  ];
  // An override stands in a file's free-form part and may be of any type.
  const named = places.find((place) => typeof place === "string" && place.trim() !== "");
  return { model: typeof named === "string" ? named.trim() : "" };
};

/** Role names compare as seats do. */
const ofRole = (models: Readonly<Record<string, unknown>>, role: string): unknown =>
  Object.entries(models).find(([name]) => keyOf(name) === keyOf(role))?.[1];
