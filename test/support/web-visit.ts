// Going to an address in a browser whose machine's network changes.
import type { Page, Request } from "playwright-core";

/** Container engines of tests beside this one change the machine's network, and Chromium drops what it was fetching then. */
export const CUT = "ERR_NETWORK_CHANGED";
const VISITS = 5;

/** As a person would who sees a page without its script: loads it again. */
export async function visit(page: Page, address: string): Promise<void> {
  let wasCut = false;
  for (let visits = 1; ; visits += 1) {
    let isCut = false;
    const onFailed = (request: Request): void => {
      isCut ||= request.failure()?.errorText.includes(CUT) === true;
    };
    page.on("requestfailed", onFailed);
    const fault = await page.goto(address).then(
      () => null,
      (error: unknown) => error,
    );
    page.off("requestfailed", onFailed);
    wasCut ||= isCut;
    // The browser's own page of the fault may come late, and over the next visit.
    const isOver = !isCut && (fault === null || !wasCut);
    if (!isOver && visits < VISITS) continue;
    if (fault !== null) throw fault;
    return;
  }
}
