// `npm run golden:update`: writes the events of the golden runs as they are now. Look at the difference before you commit it.
import { goldenRuns, replayGolden } from "../test/support/golden.ts";
import { replaceEvents } from "../src/adapters/model/recording-file.ts";

for (const { name, dir } of await goldenRuns()) {
  const lines = await replayGolden(dir);
  await replaceEvents(dir, lines);
  process.stdout.write(`${name}: ${lines.length} events\n`);
}
