// What the page shows, kept in its address: a picture of a moment is a link.

export const DEFAULTS = {
  view: "overview", index: "", expiry: "", at: "", against: "close", of: "oi", by: "time",
  values: "change", exposure: "gex", strikes: "near", legs: "",
};

const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/;
const listeners = new Set();
let current = read();

function read() {
  const query = new URLSearchParams(location.search);
  const state = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) {
    const value = query.get(name);
    // An instant without a zone is India's, as it is for the server, and not that of the browser.
    const isOfIndia = name === "at" && WITHOUT_ZONE.test(value ?? "");
    if (value !== null) state[name] = isOfIndia ? `${value.replace(" ", "T")}+05:30` : value;
  }
  return state;
}

export const state = () => current;

export function address(changes = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...current, ...changes })) {
    if (value && value !== DEFAULTS[name]) query.set(name, value);
  }
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return text ? `?${text}` : location.pathname;
}

// Change what is shown. Dragging a slider replaces the entry of the history, a click adds one.
export function go(changes, { replace = false } = {}) {
  const before = current;
  const after = { ...current, ...changes };
  if (Object.keys(after).every((name) => after[name] === before[name])) return;
  const to = address(changes);
  current = after;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  for (const listener of listeners) listener(current, before);
}

export function onChange(listener) {
  listeners.add(listener);
}

addEventListener("popstate", () => {
  const before = current;
  current = read();
  for (const listener of listeners) listener(current, before);
});
