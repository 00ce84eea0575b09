// What a person does with deliveries: look at them, and have one worked on again that was given up.
import type { Delivery, DeliveryState } from "../domain/delivery.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Engine } from "./engine.ts";
import { factsOf } from "./receive-delivery.ts";

export type DeliveryList = { readonly deliveries: readonly Delivery[]; readonly asOfSeq: number };

/** Newest first. */
export const listDeliveries = async (
  { store }: Pick<Engine, "store">,
  filter: { readonly states?: readonly DeliveryState[]; readonly limit: number },
): Promise<DeliveryList> =>
  store.read(async ({ deliveries, events }) => ({
    deliveries: await deliveries.list(filter),
    asOfSeq: await events.lastSeq(),
  }));

/** It is worked on as if it had just come in, with all its attempts. */
export const replayDelivery = async (
  { store, clock }: Pick<Engine, "store" | "clock">,
  { id, person }: { readonly id: string; readonly person: string },
): Promise<Result<Delivery>> =>
  store.transaction(async ({ deliveries, events }): Promise<Result<Delivery>> => {
    const delivery = await deliveries.get(id);
    if (delivery === null)
      return refuse(
        "DELIVERY_UNKNOWN",
        `No delivery has the id ${id}. See them with: orket webhook`,
        {
          delivery: id,
        },
      );
    if (!(await deliveries.revive(id, clock.now()))) {
      const { state } = delivery;
      const message = `The delivery is ${state}; only one that is dead is replayed.`;
      return refuse("DELIVERY_STATE", message, { delivery: id, state });
    }
    const data = factsOf(delivery);
    await events.append([{ type: "delivery-replayed", actor: `human:${person}`, data }]);
    return ok({ ...delivery, state: "accepted", attempts: 0, settledAt: null });
  });
