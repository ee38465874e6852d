// Fields in; the bytes of a message in the wire format of protocol buffers out, as far as ONNX files need it.

const text = new TextEncoder();

/** A whole number, seven bits a byte, the last byte without its highest bit. */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

export function integerField(field, value) {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

/** `content`: text, bytes, or the fields of a message. */
export function lengthField(field, content) {
  const bytes = contentBytes(content);
  return joinBytes([Uint8Array.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function contentBytes(content) {
  if (typeof content === "string") return text.encode(content);
  return content instanceof Uint8Array ? content : joinBytes(content);
}

export function joinBytes(parts) {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
