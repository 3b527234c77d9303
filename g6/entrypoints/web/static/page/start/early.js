// Before the modules are there: ask what the first picture is drawn from.
(() => {
  const facts = document.querySelector("meta[name=g6-facts]")?.content;
  const words = new URLSearchParams(location.search);
  if (!facts || (words.get("view") || "overview") !== "overview") return;
  const index = words.get("index") || JSON.parse(facts).indices[0];
  const at = words.get("at");
  const asked = (path, own) => {
    const where = `${path}?${new URLSearchParams(Object.entries({ ...(at ? { at } : {}), ...own }))}`.replace(/\?$/, "");
    globalThis.G6_EARLY[where] = fetch(where, { cache: "no-cache", headers: { Accept: "application/json" } });
    globalThis.G6_EARLY[where].catch(() => {});
  };
  globalThis.G6_EARLY = {};
  if (index) asked("/v1/levels.json", { index, points: 240 });
  asked("/v1/overview.json", {});
})();
