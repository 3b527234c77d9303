// Numbers and instants as a person in India reads them. A dash stands for what is not known.

export const DASH = "–";
const LAKH = 1e5;
const CRORE = 1e7;
const formats = new Map();

function format(places) {
  if (!formats.has(places)) {
    formats.set(places, new Intl.NumberFormat("en-IN",
      { minimumFractionDigits: places, maximumFractionDigits: places }));
  }
  return formats.get(places);
}

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, places = 2) {
  if (!isNumber(value)) return DASH;
  const text = format(places).format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

export function signed(value, places = 2) {
  if (!isNumber(value)) return DASH;
  const text = format(places).format(Math.abs(value));
  if (!/[1-9]/.test(text)) return text;
  return (value < 0 ? "−" : "+") + text;
}

export function points(value) {
  return isNumber(value) ? number(value, Number.isInteger(value) ? 0 : 2) : DASH;
}

export const percent = (fraction, places = 1) => number(isNumber(fraction) ? 100 * fraction : null, places);
export const lakh = (units, places = 1) => number(isNumber(units) ? units / LAKH : null, places);
export const signedLakh = (units, places = 1) => signed(isNumber(units) ? units / LAKH : null, places);
export const inCrore = (rupees) => (isNumber(rupees) ? rupees / CRORE : null);
export const inLakh = (units) => (isNumber(units) ? units / LAKH : null);
export const words = (word) => (word ? word.replaceAll("_", " ") : DASH);

const IST = { timeZone: "Asia/Kolkata" };
const CLOCK = new Intl.DateTimeFormat("en-GB", { ...IST, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT_CLOCK = new Intl.DateTimeFormat("en-GB", { ...IST, hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { ...IST, weekday: "short", day: "numeric", month: "short", year: "numeric" });
const EXPIRY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
const ISO_DAY = new Intl.DateTimeFormat("en-CA", { ...IST, year: "numeric", month: "2-digit", day: "2-digit" });

export const seconds = (iso) => (iso ? Date.parse(iso) / 1000 : NaN);
export const clock = (iso) => (iso ? CLOCK.format(new Date(iso)) : DASH);
export const shortClock = (iso) => (iso ? SHORT_CLOCK.format(new Date(iso)) : DASH);
export const day = (iso) => (iso ? DAY.format(new Date(iso)).replaceAll(",", "") : DASH);
export const isoDay = (iso) => ISO_DAY.format(new Date(iso));
export const expiryDay = (iso) => (iso ? EXPIRY.format(new Date(`${iso}T00:00:00Z`)).replaceAll(",", "") : DASH);
export const isoInstant = (epoch) => new Date(Math.round(epoch) * 1000).toISOString().replace(".000Z", "Z");

export function age(value) {
  if (!isNumber(value)) return DASH;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  return value < 172800 ? `${Math.round(value / 3600)} h` : `${Math.round(value / 86400)} days`;
}
