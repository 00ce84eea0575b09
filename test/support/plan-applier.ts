// A process that applies a plan, or recovers one, and kills itself after so many steps on the disk.
// Arguments: folder, `apply` or `recover`, the step after which it dies (0: never).
import { createAssetEdits } from "../../src/adapters/assets/asset-edits.ts";
import { applyPlan, recoverPlans } from "../../src/app/apply-plan.ts";
import { assetActionsOf } from "../../src/domain/driver-plan.ts";
import { KILLED_PLAN } from "./killed-plan.ts";
import { openTestEngine } from "./project.ts";

const [dir = "", mode = "apply", dieAfter = "0"] = process.argv.slice(2);
let steps = 0;
const assetEdits = createAssetEdits({
  projectDir: dir,
  stateDir: `${dir}/.orket`,
  env: {},
  onStep: () => {
    steps += 1;
    if (steps === Number(dieAfter)) process.kill(process.pid, "SIGKILL");
  },
});
const { engine, close } = await openTestEngine(dir, { replace: { assetEdits } });
if (mode === "recover") await recoverPlans(engine);
else {
  const drafted = await assetEdits.draft(assetActionsOf(KILLED_PLAN));
  if (!drafted.ok) throw new Error(JSON.stringify(drafted.error));
  const plan = { id: "plan-killed", actions: KILLED_PLAN, files: drafted.value };
  const applied = await applyPlan(engine, { plan, person: "test", approval: null });
  if (!applied.ok) throw new Error(applied.error.message);
}
await close();
