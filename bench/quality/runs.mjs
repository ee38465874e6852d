// Nothing in; the full trainings of the example programs out: what each must reach, what PyTorch reaches with the same settings, and how it is measured.

import { commandsFor } from "./command.mjs";
import { writeDigits, writeRatings, writeText } from "./data.mjs";

/**
 * Runs by name. `figures` are what is read off a run: `must` is missing where there is nothing to miss; `pytorch` stands where PyTorch trained
 * the same model, with the same settings. `needs` is the data that it takes from `--data DIR`. `measure(context)` trains, and gives a number for each figure;
 * the context has `folder` to write into, `data`, and `least`, for trainings of a moment.
 */
export const qualityRuns = {
  sort_bits: drawn("sort_bits", {
    set: ["count=4", "width=4"],
    options: ["--steps", "2000"],
    figure: figure("bits right, 4 numbers of 4 bits", "%", "higher", 99.5, 99.8),
    read: ({ metrics }) => 100 * metrics.bit_accuracy,
  }),
  parity: parity(8, { options: [] }),
  parity12: parity(12, { set: ["hidden=128", "spread=2"], options: ["--steps", "6000"] }),
  adding_gru: drawn("adding_gru", {
    figure: figure("mean square error", "", "lower", 0.005, 0.003),
    read: ({ losses }) => losses.mse,
  }),
  memory: drawn("memory", {
    figure: figure("answers right", "%", "higher", 99, 100),
    read: ({ metrics }) => 100 * metrics.accuracy,
  }),
  own_parts: drawn("own_parts", {
    figure: figure("loss", "", "lower", 1e-3, 1e-6),
    read: ({ loss }) => loss,
  }),
  gan: {
    figures: [
      figure("mean squared radius off 1", "%", "lower", 10),
      // Of twelve sectors each has 8.3 % where the angles are even.
      figure("points in the emptiest of twelve sectors", "%", "higher", 2),
    ],
    async measure(context) {
      const gan = commandsFor("gan", context);
      await gan.train();
      const { sample } = await gan.predict({
        options: ["--examples", "4096", "--outputs", "sample"],
      });
      return ringOf(sample);
    },
  },
  susan: {
    figures: [figure("seeds of ten that learn all movies", "", "higher", 10)],
    async measure(context) {
      const ratings = writeRatings(context);
      const options = [
        "--data",
        `ratings=${ratings}:mary,john`,
        "--data",
        `liked=${ratings}:liked`,
      ];
      const susan = commandsFor("susan", context);
      let learnt = 0;
      for (let seed = 1; seed <= 10; seed++) {
        await susan.train({ options: [...options, "--seed", String(seed)] });
        const { metrics } = await susan.evaluate({ options });
        learnt += metrics.binary_accuracy === 1 ? 1 : 0;
      }
      return [learnt];
    },
  },
  adversarial: {
    needs: "digits",
    figures: [
      figure("share of its accuracy kept under attack", "%", "higher"),
      figure("the same, trained clean", "%", "higher"),
      figure("difference", "points", "higher", 20),
    ],
    async measure(context) {
      const { blocks, labels, count } = writeDigits(context);
      const data = ["--data", `x=${blocks}`, "--data", `digit=${labels}`];
      const held = Math.floor(0.8 * count);
      const kept = async (name, epsilon) => {
        const robust = commandsFor("adversarial", { ...context, name });
        // An attack of no size is none: both halves of the loss are then that of the clean example.
        await robust.train({
          options: [...data, "--rows", `0:${held}`],
          values: [`epsilon=${epsilon}`],
        });
        const { metrics } = await robust.evaluate({ options: [...data, "--rows", `${held}:`] });
        return (100 * metrics.robust_accuracy) / metrics.accuracy;
      };
      const [robust, clean] = [await kept("robust", 0.1), await kept("clean", 0)];
      return [robust, clean, robust - clean];
    },
  },
  char_lstm: {
    needs: "text",
    figures: [
      figure("perplexity of text held out, two epochs", "", "lower", undefined, 7),
      figure("perplexity of text held out, three epochs", "", "lower", 7.5),
    ],
    async measure(context) {
      const { file } = writeText(context);
      const epochs = await commandsFor("char_lstm", context).train({
        options: ["--data", `token=${file}`],
      });
      const perplexities = epochs.map(({ validation }) => validation.metrics.perplexity);
      return [perplexities[1], perplexities.at(-1)];
    },
  },
  transformer: {
    needs: "text",
    figures: [figure("perplexity of text held out, two epochs", "", "lower", 11.5, 10.5)],
    async measure(context) {
      const { file, characters } = writeText(context);
      const data = ["--data", `token=${file}`];
      // Windows of 64 characters, of which the last are held out: a twentieth, as char_lstm holds out.
      const held = Math.floor((0.95 * characters) / 64);
      const transformer = commandsFor("transformer", context);
      await transformer.train({ options: [...data, "--rows", `0:${held}`] });
      const { metrics } = await transformer.evaluate({ options: [...data, "--rows", `${held}:`] });
      return [metrics.perplexity];
    },
  },
  sort_bits_full: drawn("sort_bits", {
    figure: figure("bits right, 10 numbers of 6 bits", "%", "higher"),
    read: ({ metrics }) => 100 * metrics.bit_accuracy,
  }),
};

/** A figure of which the commands tell nothing (`must` undefined) is only told. */
function figure(name, unit, better, must, pytorch) {
  return { name, unit, better, must, pytorch };
}

/** A program whose data is drawn: trained, then evaluated on examples that are drawn anew. */
function drawn(program, { set = [], options = [], figure: own, read }) {
  return {
    figures: [own],
    async measure(context) {
      const commands = commandsFor(program, { ...context, set });
      await commands.train({ options });
      return [read(await commands.evaluate())];
    },
  };
}

function parity(bits, { set = [], options, pytorch = 100 }) {
  return drawn("parity", {
    set: [`n=${bits}`, ...set],
    options,
    figure: figure(`right, ${bits} bits`, "%", "higher", 100, pytorch),
    read: ({ metrics }) => 100 * metrics.accuracy,
  });
}

/** Of points near the unit circle: by how many percent their mean squared radius is off 1, and the share of them in the emptiest of twelve sectors. */
export function ringOf(points) {
  const sectors = new Array(12).fill(0);
  let squares = 0;
  for (const [x, y] of points) {
    squares += (x * x + y * y) / points.length;
    const turn = Math.atan2(y, x) / (2 * Math.PI) + 0.5;
    sectors[Math.min(11, Math.floor(12 * turn))] += 100 / points.length;
  }
  return [100 * Math.abs(squares - 1), Math.min(...sectors)];
}
