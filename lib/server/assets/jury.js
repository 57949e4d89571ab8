// A judge's points. What is typed is kept in this browser until the server has it, so nothing is lost when the network
// goes or the page is opened anew; the server keeps the last of each project, so sending twice does no harm.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const RETRY = 3000;
  const LOOK = 3000;
  const PATIENCE = 8000;
  const WHOLE = 100;

  let sheet = data.sheet;
  let typed = {};  // project → {points: {criterion: text}, send: true once it was to be saved, wrong: {criterion: sentence}}
  let live = null;
  let busy = false;

  const store = () => `jury:${data.event}:${sheet.number}`;

  function read() {
    try {
      typed = JSON.parse(localStorage.getItem(store()) ?? "null") ?? {};
    } catch {
      typed = {};
    }
  }

  function write() {
    try {
      localStorage.setItem(store(), JSON.stringify(typed));
    } catch { /* kept in memory then */ }
  }

  const online = (well) => { find("sign").hidden = well; };

  function post(path, body) {
    return fetch(`/jury/${data.event}/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE),
    });
  }

  // ---------------------------------------------------------------- the code
  async function enter(code) {
    const told = find("enter").querySelector(".told");
    told.textContent = "";
    try {
      const answer = await post("enter", { code });
      const found = await answer.json();
      if (answer.ok) {
        sheet = found;
        begin();
        return;
      }
      told.textContent = Object.values(found.errors ?? {}).join(" ") || found.detail;
    } catch {
      told.textContent = "连不上服务器，请检查网络后再点「进入」。";
    }
    find("enter").hidden = false;
  }

  find("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(event.target.elements.code.value);
  });

  find("leave").addEventListener("click", async () => {
    if (Object.values(typed).some((one) => one.send) && !confirm("还有没发送的分数，退出后仍留在这台设备上。确定退出吗？")) return;
    try {
      await post("leave", {});
    } catch {
      online(false);
      return;
    }
    location.reload();
  });

  // ---------------------------------------------------------------- drawing
  function begin() {
    find("enter").hidden = true;
    find("sheet").hidden = false;
    read();
    find("sheet").querySelector("ol").replaceChildren(...sheet.items.map(card));
    draw();
    send();
  }

  function element(name, text = "", cls = "") {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (cls) made.className = cls;
    return made;
  }

  function card(item, place) {
    const line = element("li");
    line.id = `item-${item.id}`;
    const form = element("form");
    form.noValidate = true;
    const head = element("h2", `${place + 1}　${item.title}`);
    head.append(element("small", item.unit));
    const fields = element("div", "", "fields");
    for (const measure of sheet.measures) fields.append(field(item, measure));
    const foot = element("div", "", "foot");
    foot.append(element("span", "", "sum"), element("span", "", "kept"), element("button", "保存"));
    form.append(head, fields, foot);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      (typed[item.id] ??= { points: { ...item.points } }).send = true;
      write();
      draw();
      send();
    });
    line.append(form);
    return line;
  }

  function field(item, measure) {
    const label = element("label", measure.name);
    label.append(element("small", `权重 ${measure.weight}`));
    const box = element("input");
    box.name = String(measure.id);
    box.inputMode = "decimal";
    box.autocomplete = "off";
    box.maxLength = 6;
    box.placeholder = "0–100";
    box.value = typed[item.id]?.points[measure.id] ?? item.points[measure.id] ?? "";
    box.addEventListener("input", () => {
      const one = (typed[item.id] ??= { points: { ...item.points } });
      one.points[measure.id] = box.value;
      one.send = false;
      one.wrong = {};
      write();
      draw();
    });
    label.append(box, element("span", "", "wrong"));
    return label;
  }

  function draw() {
    find("who").textContent = `${sheet.number} 号评委`;
    const kept = sheet.items.filter((item) => sheet.measures.every((one) => one.id in item.points)).length;
    find("state").textContent = sheet.frozen
      ? "评审结果已冻结，不能再打分。"
      : !sheet.measures.length ? "主办方还没有定评分标准，请稍候。"
        : !sheet.items.length ? "还没有公布的项目，请稍候。" : `已保存 ${kept} / ${sheet.items.length} 个项目`;
    for (const item of sheet.items) drawCard(item);
  }

  function drawCard(item) {
    const line = find(`item-${item.id}`);
    if (!line) return;
    line.classList.toggle("here", item.id === live);
    const one = typed[item.id];
    const points = { ...item.points, ...one?.points };
    let cents = 0;
    for (const measure of sheet.measures) {
      const box = line.querySelector(`[name="${measure.id}"]`);
      box.disabled = sheet.frozen;
      const wrong = one?.wrong?.[measure.id] ?? "";
      box.setAttribute("aria-invalid", String(Boolean(wrong)));
      box.nextElementSibling.textContent = wrong;
      const given = (points[measure.id] ?? "").trim();
      cents += /^\d{1,3}(\.\d{1,2})?$/.test(given) && Number(given) <= WHOLE ? Math.round(Number(given) * 100) * measure.weight : NaN;
    }
    line.querySelector(".sum").textContent = Number.isNaN(cents) ? "" : `加权 ${(cents / 10000).toFixed(2)}`;
    const whole = sheet.measures.length > 0 && sheet.measures.every((measure) => measure.id in item.points);
    const told = line.querySelector(".kept");
    told.textContent = one?.send ? "正在发送" : one ? (one.refused || "未保存") : whole ? "已保存" : "未打分";
    told.dataset.state = one?.send ? "sending" : one ? "open" : whole ? "kept" : "none";
    line.querySelector("button").disabled = sheet.frozen || !one || Boolean(one.send);
  }

  // ---------------------------------------------------------------- sending
  async function send() {
    if (busy || !sheet) return;
    busy = true;
    try {
      for (const [item, one] of Object.entries(typed)) {
        if (!one.send) continue;
        const sent = { ...one.points };
        const answer = await post("scores", { item: Number(item), points: sent });
        if (answer.status >= 500) throw new Error(String(answer.status));
        const told = await answer.json();
        settle(Number(item), sent, answer.ok, told);
        online(true);
      }
    } catch {
      online(false);
    } finally {
      busy = false;
    }
    draw();
  }

  function settle(number, sent, well, told) {
    const item = sheet.items.find((each) => each.id === number);
    const now = typed[number];
    if (well) {
      if (item) item.points = sent;
      if (now?.send) delete typed[number];  // what was typed meanwhile stays to be saved
    } else if (now) {
      now.send = false;
      now.wrong = told.errors ?? {};
      now.refused = now.wrong.code || (Object.keys(now.wrong).length ? "" : told.detail);
    }
    write();
  }

  // ---------------------------------------------------------------- what is on stage, and whether it is over
  async function look() {
    if (!sheet) return;
    try {
      const told = await fetch(`/stage/${data.event}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (told.ok) live = (await told.json()).item;
      const answer = await fetch(`/jury/${data.event}/sheet`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) take(await answer.json());
      if (told.ok) online(true);
      if (told.status >= 500) online(false);
    } catch {
      online(false);
    }
    draw();
  }

  function take(found) {
    const shape = (one) => JSON.stringify([one.number, one.measures, one.items.map((item) => [item.id, item.title, item.unit])]);
    const same = shape(found) === shape(sheet);
    sheet = found;
    if (!same) find("sheet").querySelector("ol").replaceChildren(...sheet.items.map(card));
  }

  const given = decodeURIComponent(location.hash.slice(1));
  if (given) history.replaceState(null, "", location.pathname + location.search);
  if (sheet) begin();
  else if (given) enter(given);
  else find("enter").hidden = false;
  setInterval(send, RETRY);
  setInterval(look, LOOK);
  window.addEventListener("online", () => { look(); send(); });
  window.addEventListener("offline", () => online(false));
})();
