// What is on stage now, and what this device sends about it. What cannot be sent is kept with its number and sent when
// the network is back; the server keeps each number once, so nothing is lost and nothing counts twice.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const QUEUE = `follow:${data.event}:queue`;
  const SENT = `follow:${data.event}:sent`;
  const items = new Map(data.items.map((item) => [item.id, item]));
  const RETRY = 3000;
  const POLL = 2000;
  const PATIENCE = 8000;

  let stage = data.stage;
  let chosen = null;  // an item that was opened from the agenda; null: whatever is on stage
  let sent = read(SENT, {});
  let queue = read(QUEUE, []);
  let busy = false;

  function read(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "null") ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  function write(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
    } catch { /* kept in memory then */ }
  }

  const number = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const current = () => items.get(chosen ?? stage.item) ?? null;
  const online = (well) => { find("sign").hidden = well; };

  // ---------------------------------------------------------------- drawing
  function text(selector, value) {
    const element = document.querySelector(selector);
    element.textContent = value;
    element.hidden = !value;
  }

  function draw() {
    const item = current();
    const live = chosen === null;
    text("#now .label", !stage.seq && live ? "还没有开始" : live ? "正在台上" : `第 ${item?.number ?? ""} 项`);
    text("#now h1", item?.title ?? data.slides[stage.slide] ?? "请稍候，开始后这里会显示台上的项目");
    text("#now .unit", item?.unit ?? "");
    text("#now .value", item?.value ?? "");
    const facts = [item?.field, item?.trl ? `成熟度 ${item.trl} 级` : "", item?.price].filter(Boolean);
    text("#now .facts", facts.join(" · "));
    find("page").parentElement.hidden = !item?.page;
    if (item?.page) find("page").href = item.page;
    find("back").hidden = live;
    find("ask").hidden = !item?.open || Boolean(data.closed);
    if (item?.open) for (const kind of ["mark", "intention", "question"]) drawForm(kind, item.id);
    drawAgenda();
  }

  function drawForm(kind, item) {
    const form = find(kind);
    if (form.dataset.item !== String(item)) {
      form.reset();
      form.dataset.item = String(item);
      tell(form, "");
    }
    const state = sent[item]?.[kind];
    const waits = queue.some((one) => one.kind === kind && one.item === item);
    const done = Boolean(state) || waits;
    form.classList.toggle("done", done);
    for (const field of form.elements) field.disabled = done;
    if (kind === "mark" && state) {
      for (const [name, points] of Object.entries(state)) {
        const choice = form.querySelector(`[name="${name}"][value="${points}"]`);
        if (choice) choice.checked = true;
      }
    }
    if (kind === "question" && typeof state === "string") form.elements.text.value = state;
    if (waits) tell(form, "已保存，恢复连接后自动发送。");
    else if (state) tell(form, { mark: "已送达，谢谢打分。", intention: "已送达，主办方会联系留了联系方式的人。", question: "已送达，等台上回答。" }[kind]);
  }

  function tell(form, sentence, wrong = false) {
    const told = form.querySelector(".told");
    told.textContent = sentence;
    told.classList.toggle("wrong", wrong);
  }

  function drawAgenda() {
    find("agenda").querySelector("ol").replaceChildren(...data.items.map((item) => {
      const line = document.createElement("li");
      line.classList.toggle("here", item.id === stage.item);
      const told = sent[item.id] ?? {};
      const words = [told.mark ? "已打分" : "", told.intention ? "有意向" : "", told.question ? "已提问" : ""].filter(Boolean);
      const label = document.createElement(item.open ? "button" : "span");
      label.textContent = `${item.time ? `${item.time}　` : ""}${item.title}`;
      if (item.open) label.addEventListener("click", () => { choose(item.id === stage.item ? null : item.id); });
      const note = document.createElement("small");
      note.textContent = [item.id === stage.item ? "正在台上" : "", item.unit, ...words].filter(Boolean).join(" · ");
      line.append(label, note);
      return line;
    }));
  }

  function choose(item) {
    chosen = item;
    draw();
    window.scrollTo({ top: 0, behavior: "instant" });
  }

  // ---------------------------------------------------------------- sending
  function put(kind, item, fields) {
    queue.push({ id: number(), kind, item, ...fields });
    write(QUEUE, queue);
    draw();
    flush();
  }

  async function flush() {
    if (busy || !queue.length) return;
    busy = true;
    try {
      while (queue.length) {
        const one = queue[0];
        const answer = await fetch(`/stage/${data.event}/responses`, {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(one),
          signal: AbortSignal.timeout(PATIENCE),
        });
        if (answer.status >= 500) throw new Error(String(answer.status));
        const told = await answer.json();
        queue.shift();
        write(QUEUE, queue);
        if (answer.ok) keep(one);
        else refuse(one, told);
        online(true);
      }
    } catch {
      online(false);
    } finally {
      busy = false;
    }
    draw();
  }

  function keep(one) {
    const value = { mark: { need: one.need, maturity: one.maturity, willingness: one.willingness }, question: one.text, intention: true };
    (sent[one.item] ??= {})[one.kind] = value[one.kind];
    write(SENT, sent);
  }

  function refuse(one, told) {
    const form = find(one.kind);
    draw();
    if (form.dataset.item !== String(one.item)) return;
    for (const [name, value] of Object.entries(one)) {  // what was typed stays
      const field = form.elements[name];
      if (field?.type === "checkbox") field.checked = value === "1";
      else if (field && "value" in field && value !== null) field.value = value;
    }
    if (one.name || one.phone || one.unit) form.querySelector("details").open = true;
    tell(form, Object.values(told.errors ?? {}).join(" ") || told.detail || "没有收下，请稍后再试。", true);
  }

  find("mark").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const marks = Object.fromEntries(["need", "maturity", "willingness"].map((name) => [name, Number(form.elements[name].value) || null]));
    if (!Object.values(marks).some(Boolean)) return tell(form, "请至少给一项打分。", true);
    return put("mark", current().id, marks);
  });

  find("question").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = event.target.elements.text.value.trim();
    if (!words) return tell(event.target, "请写下问题。", true);
    return put("question", current().id, { text: words });
  });

  find("intention").addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(["note", "name", "unit", "phone"].map((name) => [name, event.target.elements[name].value.trim()]));
    const agreed = event.target.elements.consent.checked;
    if ((fields.name || fields.unit || fields.phone) && !agreed) return tell(event.target, "请阅读个人信息处理说明，并勾选同意。", true);
    return put("intention", current().id, { ...fields, consent: agreed ? "1" : "" });
  });

  find("back").addEventListener("click", () => choose(null));

  // ---------------------------------------------------------------- listening
  function heard(told) {
    online(true);
    if (told.seq > stage.seq) {
      const moved = told.slide !== stage.slide;
      stage = told;
      if (moved) draw();
    }
    flush();
  }

  async function ask() {
    try {
      const answer = await fetch(`/stage/${data.event}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) heard(await answer.json());
      else if (answer.status >= 500) online(false);
    } catch {
      online(false);
    }
  }

  let stream = null;
  function listen() {
    stream?.close();
    stream = new EventSource(`/stage/${data.event}/stream`);
    stream.onmessage = (message) => heard(JSON.parse(message.data));
    stream.onerror = () => {
      online(false);
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, POLL);
    };
  }

  async function mine() {
    try {
      const answer = await fetch(`/stage/${data.event}/mine`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (!answer.ok) return;
      for (const [item, told] of Object.entries(await answer.json())) sent[item] = { ...sent[item], ...told };
      write(SENT, sent);
      draw();
    } catch { /* what this device remembers is shown */ }
  }

  const asked = Number(new URLSearchParams(location.search).get("item"));
  if (items.get(asked)?.open && asked !== stage.item) chosen = asked;
  draw();
  listen();
  mine();
  flush();
  setInterval(flush, RETRY);
  setInterval(() => { if (stream?.readyState !== EventSource.OPEN) ask(); }, POLL);
  window.addEventListener("online", () => { ask(); flush(); });
  window.addEventListener("offline", () => online(false));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
})();
