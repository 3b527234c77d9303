// Asking the studies: over HTTP, or of what an exported page carries with it.

export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `status ${status}`);
    this.status = status;
    this.fix = document.fix || "";
  }
}

export const kept = () => globalThis.G6_KEPT || null;
const flights = new Map();

export function query(parameters) {
  const words = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  words.sort(([one], [other]) => (one < other ? -1 : 1));
  return new URLSearchParams(words).toString();
}

export function path(study, parameters, suffix = "json") {
  const text = query(parameters);
  return `/v1/${study}.${suffix}${text ? `?${text}` : ""}`;
}

// Return a study's answer. Two panels that ask the same at once share one request.
export function ask(study, parameters) {
  const where = path(study, parameters);
  if (kept()) return kept().ask(study, parameters);
  if (!flights.has(where)) {
    flights.set(where, get(where).finally(() => flights.delete(where)));
  }
  return flights.get(where);
}

// What `start/early.js` asked for is taken once.
function early(where) {
  const answer = globalThis.G6_EARLY?.[where];
  if (answer) delete globalThis.G6_EARLY[where];
  return answer;
}

export async function get(where) {
  let answer;
  try {
    answer = await (early(where) || fetch(where, { cache: "no-cache", headers: { Accept: "application/json" } }));
  } catch {
    throw new Problem(0, { detail: "the server does not answer", fix: "see that g6 serve or g6 web runs" });
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}
