// A person's strokes in; the probabilities of the ten digits, as bars that move while the stroke is under way, out.

import { generateStrokes } from "./generate.js";
import { drawStrokes, imageSize, placeStrokes } from "./raster.js";
import { createSheet } from "./sheet.js";

const element = (id) => document.getElementById(id);
const bars = createBars(element("bars"));
const sheet = createSheet({ canvas: element("drawing"), onChange: drawingChanged });
const reader = createReader();

element("undo").addEventListener("click", sheet.undo);
element("clear").addEventListener("click", sheet.clear);
element("example").addEventListener("click", () => {
  const draw = (below) => Math.floor(Math.random() * below);
  sheet.write(generateStrokes(draw(2 ** 32), draw(10)));
});
addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
  if (key === "Escape") sheet.clear();
  if (key === "z" && (ctrlKey || metaKey)) sheet.undo();
});

try {
  const { Digits } = await import("./bundle/digits.js");
  // `?backend=webgpu` takes a software adapter too, which `auto` passes over.
  const backend = new URLSearchParams(location.search).get("backend") ?? "auto";
  const net = await Digits.load({ weights: "./bundle/digits.safetensors", backend });
  say(backendLine(net));
  reader.start(net);
} catch (error) {
  console.warn(error);
  say(
    (await isMissing())
      ? "The model is not there yet: run “npm start” in the project's folder, which trains it, and load this page again."
      : `The model could not be loaded: ${error.message}`,
    true,
  );
}

function drawingChanged(strokes) {
  const drawn = strokes.length > 0;
  document.body.classList.toggle("drawn", drawn);
  element("undo").disabled = !drawn;
  element("clear").disabled = !drawn;
  reader.read(drawn ? imageOf(strokes) : undefined);
}

/** The drawing, which is in shares of the sheet, as the model takes it: grey levels from 0 to 255. */
function imageOf(strokes) {
  const placed = placeStrokes(strokes, { smallest: 0.2 });
  return drawStrokes(placed).map((grey) => 255 * grey);
}

/**
 * Asks the model at most once a frame and never twice at once: of the drawings made in the meantime, the latest counts.
 */
function createReader() {
  let net;
  let latest;
  let waiting = false;
  let asking = false;

  const ask = async () => {
    waiting = false;
    const image = latest;
    showSeen(image);
    if (image === undefined || net === undefined) {
      bars.show(undefined);
      return;
    }
    asking = true;
    try {
      const { probability } = await net.predict({ image });
      bars.show(latest === undefined ? undefined : probability);
    } catch (error) {
      say(`The model stopped: ${error.message}`, true);
      net = undefined;
      bars.show(undefined);
    }
    asking = false;
    if (latest !== image) schedule();
  };
  const schedule = () => {
    if (waiting || asking) return;
    waiting = true;
    requestAnimationFrame(ask);
  };
  return {
    start(loaded) {
      net = loaded;
      schedule();
    },
    read(image) {
      latest = image;
      schedule();
    },
  };
}

function createBars(list) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = document.createElement("li");
    row.innerHTML = `
      <span class="digit" aria-hidden="true">${digit}</span>
      <div class="track" role="meter" aria-label="Digit ${digit}" aria-valuemin="0" aria-valuemax="100">
        <div class="bar"></div>
      </div>
      <span class="share" aria-hidden="true"></span>`;
    list.append(row);
    const find = (name) => row.querySelector(name);
    return { row, track: find(".track"), bar: find(".bar"), share: find(".share") };
  });

  const show = (probability) => {
    const best = probability?.indexOf(Math.max(...probability));
    for (const [digit, { row, track, bar, share }] of rows.entries()) {
      const percent = 100 * (probability?.[digit] ?? 0);
      row.classList.toggle("best", digit === best);
      track.setAttribute("aria-valuenow", percent.toFixed(1));
      track.setAttribute("aria-valuetext", `${Math.round(percent)} percent`);
      // A little further out at 0: rounding would leave a sliver.
      bar.style.transform = `translateX(${1.01 * percent - 101}%)`;
      share.textContent = probability ? `${Math.round(percent)} %` : "";
    }
    // Said again, the same words would be read out again.
    const nothing = document.body.classList.contains("drawn") ? "" : "Nothing is drawn yet.";
    const text = probability ? answer(best, probability[best]) : nothing;
    if (element("answer").textContent !== text) element("answer").textContent = text;
  };
  show(undefined);
  return { show };
}

function answer(digit, probability) {
  if (probability > 0.9) return `It reads ${digit}.`;
  return probability > 0.5 ? `Perhaps ${digit}.` : "Hard to say yet.";
}

function showSeen(image) {
  const context = element("seen").getContext("2d");
  const pixels = context.createImageData(imageSize, imageSize);
  const ink = getComputedStyle(document.body)
    .color.match(/[\d.]+/g)
    .map(Number);
  for (let index = 0; index < imageSize * imageSize; index++) {
    pixels.data.set([ink[0], ink[1], ink[2], image?.[index] ?? 0], 4 * index);
  }
  context.putImageData(pixels, 0, 0);
}

function backendLine({ backend, backendReason }) {
  // On WebGPU the reason is the adapter's name; on the CPU it is why there is nothing better.
  const place = backend === "webgpu" ? backendReason : `the CPU: ${backendReason}`;
  return `Running on ${place}. Nothing that you draw leaves this page.`;
}

async function isMissing() {
  const files = ["./bundle/digits.js", "./bundle/digits.safetensors"];
  const answers = await Promise.all(
    files.map((file) => fetch(file, { method: "HEAD" }).catch(() => undefined)),
  );
  return answers.some((response) => response?.status === 404);
}

function say(text, trouble = false) {
  element("status").textContent = text;
  element("status").classList.toggle("trouble", trouble);
}
