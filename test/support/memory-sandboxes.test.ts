import { testSandboxEngine } from "../contract/sandbox.suite.ts";
import { createMemorySandboxes } from "./memory-sandboxes.ts";

const compose = JSON.stringify({ services: { api: {}, db: {} } });
const deployment = (id: string) => ({
  id,
  compose,
  files: {},
  sourceDir: null,
  secrets: { password: "drowssap-drowssap" },
  waitMs: 1000,
});

testSandboxEngine("memory", async () => {
  const engine = createMemorySandboxes();
  return {
    engine,
    deployment,
    services: ["api", "db"],
    broken: (id) => {
      engine.plan.ups = ["fails"];
      return deployment(id);
    },
    withoutEngine: async () => {
      engine.plan.engineIsGone = true;
      return engine;
    },
  };
});
