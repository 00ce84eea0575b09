// A chart shows every drop and the best price, within its frame, whatever the prices were.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ChartPoint } from "../schemas/chart.ts";
import { layOutChart } from "./chart-engine.ts";

const point = fc.record({
  at: fc.integer({ min: 0, max: 10 ** 12 }),
  amountMilli: fc.integer({ min: 0, max: 10 ** 12 }),
  isDrop: fc.constant(false),
});
const draw = (points: readonly ChartPoint[], pointsMax = 40) => {
  const amount = points[0]?.amountMilli ?? 0;
  return layOutChart({
    points,
    baselineMilli: amount,
    thresholdMilli: Math.floor(amount * 0.8),
    now: 10 ** 12,
    pointsMax,
  });
};

test("nothing read is nothing drawn, and one price is a line across", () => {
  assert.equal(draw([]), null);
  const chart = draw([{ at: 10 ** 12 - 1000, amountMilli: 12_000, isDrop: false }]);
  assert.match(chart?.line ?? "", /^M12 [\d.]+H640$/);
});

test("every part stands within the frame, and nothing of it is no number", () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 200 }), (points) => {
      const chart = draw(points);
      assert.ok(chart !== null);
      assert.doesNotMatch(chart.line + chart.area, /NaN|Infinity|e/);
      const { left, right, top, bottom } = chart.plot;
      for (const { x, y } of chart.dots)
        assert.ok(x >= left && x <= right && y >= top && y <= bottom);
      for (const y of [chart.baselineY, chart.thresholdY, ...chart.amounts.map((tick) => tick.y)])
        assert.ok(y >= top && y <= bottom);
      assert.ok(
        chart.amounts.length >= 2 && chart.amounts.length <= 12,
        `${chart.amounts.length} amounts`,
      );
    }),
  );
});

test("of many prices it keeps the lowest, the newest and every drop", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(point, { minLength: 100, maxLength: 400, selector: ({ at }) => at }),
      fc.nat(),
      (points, seed) => {
        const drop = seed % points.length;
        const all = points.map((one, at) => ({ ...one, isDrop: at === drop }));
        const dots = draw(all)?.dots ?? [];
        assert.ok(dots.length <= 44);
        assert.ok(dots.some(({ at }) => at === all[drop]?.at));
        assert.equal(
          Math.min(...dots.map((dot) => dot.amountMilli)),
          Math.min(...all.map((one) => one.amountMilli)),
        );
        assert.equal(dots.at(-1)?.at, Math.max(...all.map(({ at }) => at)));
      },
    ),
  );
});
