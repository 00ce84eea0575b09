// What a person asks to be watched, as it comes in and as it is kept. Unknown fields are refused.
import { z } from "zod";
import type { Price } from "./price.ts";

const TEXT_MAX = 500;
const text = z.string().trim().min(1).max(TEXT_MAX);

export const targetSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("css"), query: text }),
  z.strictObject({ kind: z.literal("xpath"), query: text }),
  z.strictObject({ kind: z.literal("role"), role: text.regex(/^[a-z]+$/), name: text.nullable() }),
  z.strictObject({ kind: z.literal("text"), text }),
]);

/** Where on a page the price stands. Of several elements that fit, the first one counts. */
export type Target = z.infer<typeof targetSchema>;

export const newWatchSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .refine((url) => new URL(url).username === "" && new URL(url).password === "", {
      error: "A URL with a name or a password in it is not kept.",
    }),
  target: targetSchema,
  name: text.max(120).nullable().default(null),
  reader: z.enum(["browser", "http"]).default("browser"),
  dropPercent: z.number().min(1).max(99).default(20),
  everyMinutes: z
    .number()
    .int()
    .min(5)
    .max(7 * 24 * 60)
    .default(60),
  decimal: z.enum(["auto", "dot", "comma"]).default("auto"),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable()
    .default(null),
});

export type NewWatch = z.infer<typeof newWatchSchema>;

export type Watch = Omit<NewWatch, "name"> & {
  readonly id: string;
  readonly name: string;
  readonly addedAt: number;
  /** The first price that was read; never changed after. Null until then. */
  readonly baseline: Price | null;
  /** The price of the last alert, while it is in force: an alert is not repeated at each poll. */
  readonly alertedMilli: number | null;
  /** When the page is to be read next. */
  readonly dueAt: number;
};
