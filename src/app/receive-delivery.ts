// Takes a delivery that has been checked: stores it with its event in one transaction, or finds that it is there already.
// Nothing is done about it here; work-deliveries.ts does that, later and at its own pace.
import type { Delivery } from "../domain/delivery.ts";
import type { JsonObject } from "../domain/json.ts";
import type { NewDelivery } from "../ports/store.ts";
import type { Engine } from "./engine.ts";
import { writeTold } from "./write-told.ts";

export type Received =
  | { readonly status: "accepted" | "ignored"; readonly id: string }
  /** `known` is what is there; with another digest somebody used its id for another body. */
  | { readonly status: "duplicate"; readonly id: string; readonly known: Delivery };

/** When it resolves the delivery is on the disk, and may be acknowledged. */
export async function receiveDelivery(
  engine: Pick<Engine, "store" | "watcher">,
  delivery: NewDelivery,
  actor: string,
): Promise<Received> {
  return writeTold(engine, async ({ deliveries, events }): Promise<Received> => {
    const known = await deliveries.add(delivery);
    if (known !== null) return { status: "duplicate", id: known.id, known };
    const type = delivery.state === "accepted" ? "delivery-accepted" : "delivery-ignored";
    const data = { ...factsOf(delivery), source: delivery.source, digest: delivery.bodyDigest };
    await events.append([{ type, actor, data }]);
    return { status: delivery.state, id: delivery.id };
  });
}

type Told = Pick<
  Delivery,
  "id" | "event" | "action" | "repository" | "pullRequest" | "sender" | "reason"
>;

/** What an event tells about a delivery. */
export const factsOf = (delivery: Told): JsonObject => ({
  delivery: delivery.id,
  event: delivery.event,
  action: delivery.action,
  repository: delivery.repository?.fullName ?? null,
  pullRequest: delivery.pullRequest,
  sender: delivery.sender?.login ?? null,
  reason: delivery.reason,
});
