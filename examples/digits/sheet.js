// Pointer events on a canvas in; strokes, in shares of the canvas (0 to 1), drawn and reported as they grow, out.

/**
 * @param {{ canvas: HTMLCanvasElement, onChange: (strokes: readonly [number, number][][]) => void }} options
 */
export function createSheet({ canvas, onChange }) {
  /** @type {[number, number][][]} */
  let strokes = [];
  // Several fingers may draw at once, each its own stroke.
  const growing = new Map();
  /** The frame that writes on, while strokes are being shown. */
  let writing = 0;

  const changed = () => {
    paint(canvas, strokes);
    onChange(strokes);
  };
  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    cancelAnimationFrame(writing);
    const stroke = [place(event)];
    growing.set(event.pointerId, stroke);
    strokes.push(stroke);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    const stroke = growing.get(event.pointerId);
    if (stroke === undefined) return;
    // A fast pen moves several times between two frames.
    const moves = event.getCoalescedEvents?.() ?? [];
    stroke.push(...(moves.length > 0 ? moves : [event]).map(place));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, ({ pointerId }) => growing.delete(pointerId));
  }
  new ResizeObserver(() => paint(canvas, strokes)).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    paint(canvas, strokes),
  );

  const keep = (kept) => {
    cancelAnimationFrame(writing);
    strokes = kept;
    growing.clear();
    changed();
  };
  /** Shows strokes as if they were being drawn, or at once to those who want no motion. */
  const write = (whole) => {
    const count = whole.flat().length;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const perFrame = still ? count : Math.ceil(count / 40);
    const writeOn = (shown) => {
      keep(firstPoints(whole, shown));
      if (shown < count) writing = requestAnimationFrame(() => writeOn(shown + perFrame));
    };
    writeOn(perFrame);
  };
  return { clear: () => keep([]), undo: () => keep(strokes.slice(0, -1)), write };
}

function firstPoints(strokes, count) {
  const begun = [];
  for (const stroke of strokes) {
    if (count <= 0) break;
    begun.push(stroke.slice(0, count));
    count -= stroke.length;
  }
  return begun;
}

function paint(canvas, strokes) {
  const size = Math.round(canvas.clientWidth * devicePixelRatio);
  if (canvas.width !== size || canvas.height !== size) {
    canvas.width = size;
    canvas.height = size;
  }
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, size, size);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = size / 18;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) paintStroke(context, stroke, size);
}

/** Curves between the middles of the lines, so that the corners of a fast stroke are rounded. */
function paintStroke(context, stroke, size) {
  const at = (index) => stroke[index].map((share) => share * size);
  context.beginPath();
  context.moveTo(...at(0));
  for (let index = 1; index + 1 < stroke.length; index++) {
    const [x, y] = at(index);
    const [nextX, nextY] = at(index + 1);
    context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  context.lineTo(...at(stroke.length - 1));
  context.stroke();
}
