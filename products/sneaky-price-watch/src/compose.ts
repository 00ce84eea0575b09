// Puts the parts together, inside out. What a part can do is what it is handed here.
import { createConsoleAlerts, createWebhookAlerts } from "./accessors/alert-accessor.ts";
import { createBrowserAccessor } from "./accessors/browser-accessor.ts";
import { createDataAccessor } from "./accessors/data-accessor.ts";
import { createGuardedNet } from "./accessors/guarded-net.ts";
import { createHttpAccessor } from "./accessors/http-accessor.ts";
import { openStorage } from "./accessors/storage.ts";
import { createCourtesy } from "./engines/courtesy-engine.ts";
import type { OverviewManager } from "./managers/overview-manager.ts";
import { createOverviewManager } from "./managers/overview-manager.ts";
import type { WatchManager } from "./managers/watch-manager.ts";
import { createWatchManager } from "./managers/watch-manager.ts";
import type { Settings } from "./schemas/settings.ts";
import type { Chance, Clock } from "./utils/world.ts";

export type World = {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly newId: () => string;
  readonly isRoot: boolean;
  readonly say: (line: string) => void;
};

export type Product = {
  readonly watches: WatchManager;
  readonly overviews: OverviewManager;
  readonly clock: Clock;
  /** Ends Chromium and closes the database; nothing may be called afterwards. */
  readonly close: () => Promise<void>;
};

export function openProduct(
  settings: Settings,
  { clock, chance, newId, isRoot, say }: World,
): Product {
  const net = createGuardedNet(settings.allowPrivate);
  const storage = openStorage(settings.database);
  const browser = createBrowserAccessor({ net, chromiumPath: settings.chromium, isRoot });
  const fetchDocument = createHttpAccessor(net);
  const data = createDataAccessor({ storage, browser, fetchDocument });
  const courtesy = createCourtesy({ data, fetchDocument, clock, hostGapMs: settings.hostGapMs });
  const alerts =
    settings.webhook === null ? createConsoleAlerts(say) : createWebhookAlerts(settings.webhook);
  return {
    watches: createWatchManager({ data, courtesy, alerts, clock, chance, newId }),
    overviews: createOverviewManager({ data, clock }),
    clock,
    close: async () => {
      await browser.close();
      storage.close();
    },
  };
}
