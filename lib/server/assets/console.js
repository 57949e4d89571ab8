// The second screen: follows the stage, and turns the deck by telling the stage a newer state.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const slides = data.slides;
  const EVERY = 2000;
  const PATIENCE = 5000;
  const AMBER = 0.8;
  let state = data.stage;

  const index = () => Math.max(0, slides.findIndex((slide) => slide.key === state.slide));
  const timers = () => ({ running: false, since: null, key: "", ...state.timers, spent: { ...(state.timers?.spent ?? {}) } });

  function spent(told, key, now) {
    const before = told.spent[key] ?? 0;
    return told.running && told.key === key && told.since !== null ? before + Math.max(0, now - told.since) : before;
  }

  function draw() {
    const slide = slides[index()];
    document.querySelector("#now h1").textContent = state.seq ? slide.title : "还没有开始放映";
    const following = slides.slice(index() + 1).find((one) => one.item !== null) ?? slides[index() + 1];
    find("next").textContent = following?.title ?? "结束";
    find("place").textContent = `第 ${index() + 1} 页，共 ${slides.length} 页`;
    tick();
  }

  function tick() {
    const slide = slides[index()];
    const clock = find("clock");
    if (!slide.minutes) { clock.textContent = ""; return; }
    const whole = slide.minutes * 60000;
    const used = spent(timers(), slide.key, Date.now());
    const left = Math.ceil((whole - used) / 1000);
    const seconds = Math.abs(left);
    clock.textContent = `${left < 0 ? "−" : ""}${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    clock.className = used >= whole ? "over" : used >= whole * AMBER ? "soon" : "well";
  }

  async function tell(next) {
    const before = state;
    state = { ...next, seq: Math.max(Date.now(), before.seq + 1) };
    draw();
    try {
      const answer = await fetch(`/stage/${data.event}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(state),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      heard(await answer.json());
    } catch {
      state = before;  // nothing was turned: say so, and show what is on stage
      online(false);
      draw();
    }
  }

  function go(step) {
    const now = Date.now();
    const slide = slides[Math.min(Math.max(index() + step, 0), slides.length - 1)];
    const told = timers();
    if (told.running && told.since !== null && told.key) told.spent[told.key] = spent(told, told.key, now);
    Object.assign(told, slide.minutes ? { running: true, since: now, key: slide.key } : { running: false, since: null, key: "" });
    tell({ slide: slide.key, item: slide.item, timers: told });
  }

  function pause() {
    const slide = slides[index()];
    if (!slide.minutes) return;
    const now = Date.now();
    const told = timers();
    told.spent[slide.key] = spent(told, slide.key, now);
    told.key = slide.key;
    told.running = !told.running;
    told.since = told.running ? now : null;
    tell({ slide: slide.key, item: slide.item, timers: told });
  }

  const online = (well) => { find("sign").hidden = well; };

  function heard(told) {
    online(true);
    if (told.seq >= state.seq) state = told;
    draw();
  }

  function row(cells, kind) {
    const line = document.createElement("tr");
    for (const text of cells) {
      const cell = document.createElement(kind);
      cell.textContent = text;
      line.append(cell);
    }
    return line;
  }

  async function refresh() {
    try {
      const options = { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
      const [counts, questions] = await Promise.all(
        ["counts", "questions"].map(async (name) => {
          const answer = await fetch(`/stage/${data.event}/${name}`, options);
          if (!answer.ok) throw new Error(String(answer.status));
          return answer.json();
        }));
      const names = Object.entries(data.marks);
      document.querySelector("#counts thead").replaceChildren(row(["项目", "打分", ...names.map(([, label]) => label), "意向", "提问"], "th"));
      document.querySelector("#counts tbody").replaceChildren(...slides.filter((slide) => slide.item !== null).map((slide) => {
        const one = counts[slide.item];
        const line = row([slide.title, one?.marks ?? 0, ...names.map(([name]) => one?.means[name] ?? "暂无数据"), one?.intentions ?? 0, one?.questions ?? 0], "td");
        line.classList.toggle("here", slide.item === state.item);
        return line;
      }));
      const open = questions.filter((question) => question.state !== "hidden");
      document.querySelector("#questions .none").hidden = open.length > 0;
      document.querySelector("#questions ol").replaceChildren(...open.map(asked));
      online(true);
    } catch {
      online(false);
    }
  }

  function asked(question) {
    const line = document.createElement("li");
    line.classList.toggle("answered", question.state === "answered");
    const words = document.createElement("p");
    words.textContent = question.text;
    const about = document.createElement("small");
    about.textContent = slides.find((slide) => slide.item === question.item)?.title ?? "";
    line.append(words, about);
    for (const [state_, label] of question.state === "answered" ? [["new", "改为待回答"]] : [["answered", "已回答"], ["hidden", "不展示"]]) {
      const button = document.createElement("button");
      button.textContent = label;
      button.addEventListener("click", async () => {
        await fetch(`/stage/questions/${question.id}`, {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ state: state_ }),
        }).catch(() => online(false));
        refresh();
      });
      line.append(button);
    }
    return line;
  }

  document.querySelector("nav").addEventListener("click", (event) => {
    const act = event.target.closest("[data-do]")?.dataset.do;
    if (act === "pause") pause();
    else if (act) go(act === "next" ? 1 : -1);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
    if (steps[event.key]) { event.preventDefault(); go(steps[event.key]); }
    if (event.key === "p" || event.key === "P") pause();
  });

  function listen() {
    const stream = new EventSource(`/stage/${data.event}/stream`);
    stream.onmessage = (message) => heard(JSON.parse(message.data));
    stream.onerror = () => {
      online(false);
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, EVERY);  // refused, which ends it for good
    };
  }

  draw();
  listen();
  refresh();
  setInterval(tick, 250);
  setInterval(refresh, EVERY);
})();
