// Two friends' ratings in; a model of my taste, trained on them in this process by its own bundle, out.

import { readFileSync } from "node:fs";
import { nnc } from "../command.mjs";

const here = import.meta.dirname;
nnc("compile", "examples/programs/movies.nn", "-o", "examples/movies/bundle");
const { Movies } = await import("./bundle/movies.train.js");

const movies = readRatings(`${here}/ratings.csv`);
const ratings = movies.flatMap(({ mary, john }) => [mary, john]);
const liked = movies.map((movie) => movie.liked);

const net = await Movies.load({ seed: 1 });
await net.fit(
  { ratings, liked },
  {
    onEpoch: ({ epoch, loss }) => {
      const finished = epoch + 1;
      if (finished % 500 === 0) console.log(`epoch ${finished}: loss ${loss.toFixed(4)}`);
    },
  },
);

const { metrics } = await net.evaluate({ ratings, liked });
const [mary, john] = await net.read("decision.W");
const [offset] = await net.read("decision.b");
console.log(`
${(100 * metrics.binary_accuracy).toFixed(0)} % of ${movies.length} movies come out right by this line; I like what lies above it:
  ${mary.toFixed(2)} × Mary + ${john.toFixed(2)} × John ${offset < 0 ? "−" : "+"} ${Math.abs(offset).toFixed(2)} > 0

Movies that I have not seen:`);

const unseen = [
  { title: "Turnip Rides Again", mary: 4.5, john: 1.5 },
  { title: "The Long Way to the Bakery", mary: 2, john: 4 },
  { title: "Mostly Weather", mary: 3, john: 5 },
];
const { liking } = await net.predict({
  ratings: unseen.flatMap((movie) => [movie.mary, movie.john]),
});
for (const [index, movie] of unseen.entries()) {
  const percent = Math.round(100 * liking[index]);
  console.log(`  ${movie.title} (Mary ${movie.mary}, John ${movie.john}): ${percent} % likely`);
}
net.destroy();

/** Titles may hold commas, within quotes; the three numbers stand last. */
function readRatings(file) {
  const [, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => {
    const cells = line.split(",");
    const [mary, john, liked] = cells.slice(-3).map(Number);
    return { title: cells.slice(0, -3).join(",").replaceAll('"', ""), mary, john, liked };
  });
}
