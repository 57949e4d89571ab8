// Scenes that go round. One timer drives everything and what is replaced is replaced whole, so that a screen can run for
// weeks without growing; when the server is away the last scenes go on, and a sign says of when they are.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const root = document.documentElement;
  const TICK = 1000;
  const ASK = 300;  // seconds between two questions for news
  const PATIENCE = 15000;
  const SHOWN = 4;  // seconds that a word such as 已暂停 stays

  let place = 0;
  let held = 0;  // seconds that this scene has been shown
  let asked = 0;
  let said = 0;
  let still = 0;
  let paused = false;
  let asking = false;
  let etag = data.etag;

  const scene = () => data.scenes[place];

  function show(to) {
    place = (to + data.scenes.length) % data.scenes.length;
    held = 0;
    draw();
  }

  function draw() {
    for (const section of find("deck").children) section.classList.toggle("on", section.dataset.key === scene());
    [...find("names").children].forEach((button, number) => {
      button.classList.toggle("on", number === place);
      button.setAttribute("aria-current", String(number === place));
    });
    root.classList.toggle("paused", paused);
    drawTime();
  }

  function drawTime() {
    find("line").style.transform = `scaleX(${paused ? 1 : Math.min(1, held / data.seconds)})`;
    find("clock").textContent = paused ? "已暂停" : new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
  }

  function parts() {
    for (const bar of find("deck").querySelectorAll("[data-part]")) bar.style.width = `${Number(bar.dataset.part) * 100}%`;
  }

  function say(words) {
    find("said").textContent = words;
    find("said").hidden = false;
    said = SHOWN;
  }

  // ---------------------------------------------------------------- news
  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(data.source, { cache: "no-store", headers: { "If-None-Match": etag }, signal: AbortSignal.timeout(PATIENCE) });
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      if (answer.headers.get("X-Page") && answer.headers.get("X-Page") !== data.version) {
        location.reload();
        return;
      }
      if (answer.status === 200) {
        const made = document.createElement("template");
        made.innerHTML = await answer.text();
        find("deck").replaceChildren(made.content);
        etag = answer.headers.get("ETag") ?? "";
        parts();
        draw();
      }
      find("sign").hidden = true;
    } catch {
      find("sign").textContent = "与服务器断开，画面停在断开前的数据；恢复后自动更新";
      find("sign").hidden = false;
    } finally {
      asking = false;
    }
  }

  // ---------------------------------------------------------------- the one timer
  function tick() {
    if (said && --said === 0) find("said").hidden = true;
    if (still && --still === 0) root.classList.remove("moving");
    if (++asked >= ASK) {
      asked = 0;
      ask();
    }
    if (!paused && ++held >= data.seconds) show(place + 1);
    else drawTime();
  }

  // ---------------------------------------------------------------- keys
  function pause() {
    paused = !paused;
    draw();
    say(paused ? "已暂停，按空格继续" : "继续轮播");
  }

  const KEYS = {
    " ": pause, p: pause,
    ArrowRight: () => show(place + 1), PageDown: () => show(place + 1), ArrowLeft: () => show(place - 1), PageUp: () => show(place - 1),
    t: () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; },
    f: () => { (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()).catch(() => say("这个浏览器不能全屏")); },
    "?": () => { find("help").hidden = !find("help").hidden; },
    Escape: () => { find("help").hidden = true; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const number = Number(key);
    if (KEYS[key]) KEYS[key]();
    else if (number >= 1 && number <= data.scenes.length) show(number - 1);
    else return;
    event.preventDefault();
  });

  document.addEventListener("pointermove", () => {
    still = SHOWN;
    root.classList.add("moving");
  });

  async function stayAwake() {
    try {
      if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
    } catch { /* a browser that may not: the hall's settings keep the screen on */ }
  }

  find("names").replaceChildren(...data.scenes.map((name, number) => {
    const button = document.createElement("button");
    button.textContent = find("deck").querySelector(`[data-key="${name}"]`).getAttribute("aria-label");
    button.addEventListener("click", () => show(number));
    return button;
  }));
  parts();
  show(0);
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
  window.addEventListener("online", ask);
  setInterval(tick, TICK);
})();
