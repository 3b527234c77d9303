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

// Panels are rounded to four decimals, so that every figure is rounded to them first.
const DECIMALS = 4;
const near = (value, places) => rounded(rounded(Math.abs(value), Math.max(places, DECIMALS)), places);

// What lies halfway goes to the even digit, as Python writes it: a straddle of 206.625 was 206.63
// here and 206.62 on the terminal. A binary number lies halfway where twice its 2^places is odd:
// 206.635 does not, and browsers take its decimal digits for it.
function rounded(value, places) {
  if ((value * 2 ** (places + 1)) % 2 !== 1) return Number(value.toFixed(places));
  const below = Math.floor(value * 10 ** places);
  return (below % 2 ? below + 1 : below) / 10 ** places;
}

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, places = 2) {
  if (!isNumber(value)) return DASH;
  const text = format(places).format(near(value, places));
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

export function signed(value, places = 2) {
  if (!isNumber(value)) return DASH;
  const text = format(places).format(near(value, places));
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
// 0.85 of the straddle and one standard deviation are other numbers, 176 and 259 of one expiry.
export const MOVE_BY_STRADDLE = "Expected to expiry, by the premium: 0.85 of the straddle. By volatility, one standard deviation: the smile view";
export const MOVE_BY_VOLATILITY = "Expected to expiry, by volatility: one standard deviation. By the premium, 0.85 of the straddle: the overview and the chain";
export const words = (word) => (word ? word.replaceAll("_", " ") : DASH);

const IST = { timeZone: "Asia/Kolkata" };
const CLOCK = new Intl.DateTimeFormat("en-GB", { ...IST, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT_CLOCK = new Intl.DateTimeFormat("en-GB", { ...IST, hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { ...IST, weekday: "short", day: "numeric", month: "short", year: "numeric" });
const EXPIRY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
const ISO_DAY = new Intl.DateTimeFormat("en-CA", { ...IST, year: "numeric", month: "2-digit", day: "2-digit" });

// An address may say anything after `at=`: the server tells what is wrong with it.
export const isInstant = (iso) => !Number.isNaN(Date.parse(iso));
export const seconds = (iso) => (iso ? Date.parse(iso) / 1000 : NaN);
export const clock = (iso) => (isInstant(iso) ? CLOCK.format(new Date(iso)) : DASH);
export const shortClock = (iso) => (isInstant(iso) ? SHORT_CLOCK.format(new Date(iso)) : DASH);
export const day = (iso) => (isInstant(iso) ? DAY.format(new Date(iso)).replaceAll(",", "") : DASH);
export const isoDay = (iso) => (isInstant(iso) ? ISO_DAY.format(new Date(iso)) : "");
export const expiryDay = (iso) => (iso ? EXPIRY.format(new Date(`${iso}T00:00:00Z`)).replaceAll(",", "") : DASH);
export const isoInstant = (epoch) => new Date(Math.round(epoch) * 1000).toISOString().replace(".000Z", "Z");

export function age(value) {
  if (!isNumber(value)) return DASH;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  return value < 172800 ? `${Math.round(value / 3600)} h` : `${Math.round(value / 86400)} days`;
}
