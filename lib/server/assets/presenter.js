// Turns the slides of a deck and keeps its clocks, without asking anybody. Whoever runs the event also tells the server
// what is on stage, as soon as it can be reached; a state has a number that only rises, and the higher one holds.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const slides = data.slides;
  const sections = [...document.querySelectorAll(".slide")];
  const find = (id) => document.getElementById(id);
  const root = document.documentElement;
  const STORED = `presenter:${data.event}`;
  const PING = 5000;
  const AMBER = 0.8;
  const LEAVING = 3000;

  let state = { seq: 0, slide: slides[0].key, item: null, timers: { running: false, since: null, key: "", spent: {} } };
  let unsent = false;
  let sending = false;
  let connected = true;
  let typed = "";
  let leaving = 0;

  // ---------------------------------------------------------------- state
  const index = () => Math.max(0, slides.findIndex((slide) => slide.key === state.slide));
  const slideAt = (number) => slides[Math.min(Math.max(number, 0), slides.length - 1)];

  function spent(key, now) {
    const timers = state.timers;
    const before = timers.spent[key] ?? 0;
    return timers.running && timers.key === key && timers.since !== null ? before + Math.max(0, now - timers.since) : before;
  }

  function settle(now) {
    const timers = state.timers;
    if (timers.running && timers.since !== null && timers.key) timers.spent[timers.key] = spent(timers.key, now);
    timers.since = timers.running ? now : null;
  }

  function changed() {
    state.seq = Math.max(Date.now(), state.seq + 1);
    store();
    unsent = data.drives;
    send();
    draw();
  }

  function store() {
    try {
      localStorage.setItem(STORED, JSON.stringify(state));
    } catch { /* a browser without storage still turns slides */ }
  }

  function stored() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORED) ?? "null");
      return kept && Number.isFinite(kept.seq) && kept.timers?.spent ? kept : null;
    } catch {
      return null;
    }
  }

  function go(number) {
    const slide = slideAt(number);
    if (slide.key === state.slide) return;
    const now = Date.now();
    settle(now);
    state.slide = slide.key;
    state.item = slide.item;
    const timers = state.timers;
    if (slide.minutes) {
      timers.key = slide.key;
      timers.running = true;
      timers.since = now;
    } else {
      timers.running = false;
      timers.since = null;
      timers.key = "";
    }
    changed();
  }

  function pause() {
    const slide = slides[index()];
    if (!slide.minutes) return;
    settle(Date.now());
    const timers = state.timers;
    timers.key = slide.key;
    timers.running = !timers.running;
    timers.since = timers.running ? Date.now() : null;
    changed();
  }

  // ---------------------------------------------------------------- drawing
  function draw() {
    const number = index();
    sections.forEach((section, place) => section.classList.toggle("on", place === number));
    const address = new URL(location.href);
    address.searchParams.set("slide", String(number + 1));
    if (address.href !== location.href) history.replaceState(null, "", address);
    const slide = slides[number];
    document.querySelectorAll(".lines [data-item]").forEach((line) => {
      const place = slides.findIndex((one) => one.item === Number(line.dataset.item));
      line.classList.toggle("done", place < last && place >= 0 && slides[place].item !== slide.item);
      line.classList.toggle("here", slides[place]?.item === (slide.item ?? slides[last]?.item));
    });
    if (slide.item !== null) last = number;
    const following = slides.slice(number + 1).find((one) => one.item !== null) ?? slides[number + 1];
    find("bar").querySelector(".now b").textContent = slide.title;
    find("bar").querySelector(".next b").textContent = following?.title ?? "结束";
    find("line").style.width = `${(100 * (number + 1)) / slides.length}%`;
    tick();
  }

  let last = -1;

  function tick() {
    const slide = slides[index()];
    const clock = find("clock");
    if (!slide.minutes) {
      clock.textContent = "";
      clock.className = "";
      return;
    }
    const whole = slide.minutes * 60000;
    const used = spent(slide.key, Date.now());
    const left = Math.ceil((whole - used) / 1000);
    const seconds = Math.abs(left);
    const text = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    clock.textContent = left < 0 ? `−${text}` : text;
    clock.className = used >= whole ? "over" : used >= whole * AMBER ? "soon" : "well";
    clock.classList.toggle("paused", !(state.timers.running && state.timers.key === slide.key));
  }

  // Parts of bars stand in the page as numbers, because a strict policy allows no style to be written there.
  document.querySelectorAll("i[data-part]").forEach((bar) => { bar.style.width = `${100 * Number(bar.dataset.part)}%`; });

  function say(text) {
    const said = find("said");
    said.textContent = text;
    said.hidden = !text;
  }

  function online(well) {
    connected = well;
    find("sign").hidden = well;
  }

  // ---------------------------------------------------------------- the server
  async function send() {
    if (!unsent || sending) return;
    sending = true;
    try {
      const told = state.seq;
      const answer = await fetch(`/stage/${data.event}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(state),
        signal: AbortSignal.timeout(PING),
      });
      if (answer.status >= 500) throw new Error(String(answer.status));
      if (!answer.ok) {
        unsent = false;  // logged out meanwhile: the slides go on, only nobody follows
        say("登录已失效：放映继续，观众手机不再跟随。请在另一个页面重新登录后刷新。");
        return;
      }
      if (state.seq === told) unsent = false;
      heard(await answer.json());
      online(true);
    } catch {
      online(false);
    } finally {
      sending = false;
    }
    if (unsent && connected) send();
  }

  function heard(told) {
    if (!told || !(told.seq > state.seq)) return;
    state = { seq: told.seq, slide: told.slide, item: told.item, timers: structuredClone(told.timers) };
    state.timers.spent ??= {};
    store();
    draw();
  }

  async function ask() {
    try {
      const answer = await fetch(`/stage/${data.event}`, { cache: "no-store", signal: AbortSignal.timeout(PING) });
      if (answer.status >= 500) throw new Error(String(answer.status));
      online(true);
      if (data.drives && answer.ok) {
        heard(await answer.json());
        send();
      }
    } catch {
      online(false);
    }
  }

  function listen() {
    if (!data.drives) return;
    const stream = new EventSource(`/stage/${data.event}/stream`);
    stream.onmessage = (message) => { online(true); heard(JSON.parse(message.data)); send(); };
    stream.onerror = () => {
      ask();
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, PING);  // refused, which ends it for good
    };
  }

  // ---------------------------------------------------------------- hands
  const acts = {
    next: () => go(index() + 1),
    previous: () => go(index() - 1),
    first: () => go(0),
    end: () => go(slides.length - 1),
    pause,
    theme: () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; },
    full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.())?.catch?.(() => {}),
    help: () => { find("help").hidden = !find("help").hidden; },
    black: () => { find("black").hidden = !find("black").hidden; },
    escape,
  };

  const KEYS = {
    ArrowRight: "next", ArrowDown: "next", PageDown: "next", " ": "next", ArrowLeft: "previous", ArrowUp: "previous",
    PageUp: "previous", Home: "first", End: "end", p: "pause", P: "pause", t: "theme", T: "theme", f: "full", F: "full",
    "?": "help", b: "black", B: "black", ".": "black", Escape: "escape",
  };

  function escape() {
    for (const id of ["help", "black"]) {
      if (!find(id).hidden) {
        find(id).hidden = true;
        return;
      }
    }
    if (typed) {
      typed = "";
      say("");
      return;
    }
    if (Date.now() - leaving < LEAVING) {
      location.href = `/roadshows?id=${data.event}`;
      return;
    }
    leaving = Date.now();
    say("再按一次 Esc 结束放映");
    setTimeout(() => { if (Date.now() - leaving >= LEAVING) say(""); }, LEAVING + 50);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) {
      typed = (typed + event.key).slice(-3);
      say(`跳到第 ${typed} 页，按回车`);
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && typed) {
      const wanted = Number(typed);
      typed = "";
      say("");
      if (wanted >= 1 && wanted <= slides.length) go(wanted - 1);
      else say(`一共 ${slides.length} 页`);
      event.preventDefault();
      return;
    }
    const act = KEYS[event.key];
    if (!act || (event.key === " " && event.target.closest("button"))) return;
    event.preventDefault();
    if (act !== "escape") { typed = ""; say(""); }
    acts[act]();
  });

  find("tools").addEventListener("click", (event) => acts[event.target.closest("[data-do]")?.dataset.do]?.());
  find("help").addEventListener("click", (event) => {
    const link = event.target.closest("[data-to]");
    if (!link) return;
    event.preventDefault();
    find("help").hidden = true;
    go(Number(link.dataset.to) - 1);
  });
  find("deck").addEventListener("click", (event) => {
    if (event.target.closest("a, button")) return;
    const part = event.clientX / window.innerWidth;
    if (part > 2 / 3) acts.next();
    else if (part < 1 / 3) acts.previous();
  });

  let still = 0;
  document.addEventListener("mousemove", () => {
    root.classList.add("moving");
    clearTimeout(still);
    still = setTimeout(() => root.classList.remove("moving"), 3000);
  });

  // ---------------------------------------------------------------- begin
  const kept = stored();
  for (const told of [kept, data.drives ? data.stage : null]) {
    if (told && told.seq > state.seq && slides.some((slide) => slide.key === told.slide)) {
      state = { seq: told.seq, slide: told.slide, item: told.item, timers: structuredClone(told.timers) };
      state.timers.spent ??= {};
    }
  }
  const asked = new URLSearchParams(location.search).get("slide");
  const wanted = /^\d+$/.test(asked ?? "") ? slideAt(Number(asked) - 1) : slides.find((slide) => slide.key === asked);
  if (wanted && wanted.key !== state.slide) go(slides.indexOf(wanted));
  else if (data.drives && state.seq > (data.stage.seq ?? 0)) { unsent = true; send(); }
  draw();
  listen();
  setInterval(tick, 250);
  setInterval(ask, PING);
  window.addEventListener("online", ask);
  window.addEventListener("offline", () => online(false));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); ask(); } });

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/presenter-worker.js", { scope: "/presenter" }).then(async () => {
      const ready = await navigator.serviceWorker.ready;
      const parts = [...document.querySelectorAll("link[rel=stylesheet], script[src]")].map((one) => one.href || one.src);
      ready.active?.postMessage({ keep: [location.href, ...parts] });
      root.dataset.kept = "1";
    }).catch(() => {});
  }
})();
