// Translates the texts of Streamlit's own frontend. Our texts are Chinese already and are left alone. And sends
// what is typed into a long text of a form after a pause, so that it can be kept; short texts do that by themselves. And
// shows a form from its top when another step of it comes. And follows our own plain links without a reload.
// Fails soft: whatever it does not know stays English, and an error in here stops nothing else.
(() => {
  "use strict";

  const PAGES = new Set((document.currentScript?.dataset.pages ?? "").split(" ").filter(Boolean));

  const WORDS = {
    "Running...": "正在运行…",
    "Stop": "停止",
    "Stopping...": "正在停止…",
    "Stop script": "停止运行",
    "Rerun": "重新运行",
    "Always rerun": "总是重新运行",
    "Auto rerun": "自动重新运行",
    "Clear cache": "清除缓存",
    "Clear caches": "清除缓存",
    "Cancel": "取消",
    "Close": "关闭",
    "Copy": "复制",
    "Copied": "已复制",
    "Copied!": "已复制",
    "Copy to clipboard": "复制",
    "Connecting": "正在连接",
    "Connecting to Streamlit server": "正在连接服务器",
    "Error": "出错",
    "Unable to connect to Streamlit server": "无法连接服务器",
    "Connection error": "连接中断",
    "Connection timed out.": "连接超时，请稍后再试。",
    "Connection lost. Please wait for the app to reconnect, then try again.": "连接已中断，正在重新连接，请稍后再试。",
    "Streamlit server is not responding. Are you connected to the internet?": "服务器没有回应，请检查网络，页面会自动重新连接。",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": "服务器没有回应，页面会自动重新连接。",
    "streamlit run yourscript.py": "python -m lib serve",
    "Page not found": "没有这个页面",
    "The page that you have requested does not seem to exist. Running the app's main page.": "您访问的页面不存在，已为您打开总览。",
    "Script execution error": "系统出错",
    "No message": "没有说明",
    "Unknown error": "未知错误",
    "Try again": "重试",
    "Continue anyway": "仍然继续",
    "Print": "打印",
    "Settings": "设置",
    "About": "关于",
    "Get help": "帮助",
    "Report a bug": "报告问题",
    "Theme": "主题",
    "Light": "浅色",
    "Dark": "深色",
    "System": "跟随系统",
    "Use system setting": "跟随系统",
    "Main menu": "菜单",
    "Menu": "菜单",
    "More": "更多",
    "Logo": "北疆技转",
    "App Logo": "北疆技转",
    "Header Logo": "北疆技转",
    "App pages": "页面导航",
    "Navigate to home page": "回到总览",
    "Notifications": "通知",
    "Sidebar": "侧栏",
    "Collapse sidebar": "收起侧栏",
    "Expand sidebar": "展开侧栏",
    "Skip to main content": "跳到正文",
    "Scroll tabs left": "向左滚动",
    "Scroll tabs right": "向右滚动",
    "(opens in new tab)": "（在新标签页打开）",
    "Fullscreen": "全屏",
    "Close fullscreen": "退出全屏",
    "View fullscreen": "全屏",
    "Press Enter to apply": "按回车生效",
    "Press Enter to submit form": "按回车提交",
    "Press Ctrl+Enter to apply": "按 Ctrl+回车生效",
    "Press Ctrl+Enter to submit form": "按 Ctrl+回车提交",
    "Press ⌘+Enter to apply": "按 ⌘+回车生效",
    "Press ⌘+Enter to submit form": "按 ⌘+回车提交",
    "Choose an option": "请选择",
    "Choose options": "请选择，可多选",
    "Choose or add an option": "请选择或输入",
    "Choose or add options": "请选择或输入，可多项",
    "Add an option": "请输入",
    "Add options": "请输入，可多项",
    "No options to select": "没有可选项",
    "No options to select.": "没有可选项。",
    "No options": "没有可选项",
    "No results": "没有匹配项",
    "Select all": "全选",
    "Selectbox": "下拉框",
    "Selectbox options": "选项",
    "Multiselect": "多选框",
    "Open": "展开",
    "Clear": "清除",
    "Clear value": "清除",
    "Clear all": "全部清除",
    "Clear time": "清除时间",
    "Clear selection": "清除选择",
    "Clear Selections": "清除选择",
    "Invalid input.": "输入无效。",
    "Show password": "显示密码",
    "Hide password": "隐藏密码",
    "Increment": "增加",
    "Decrement": "减少",
    "Number is above the allowed range.": "数值超出上限。",
    "Number is below the allowed range.": "数值低于下限。",
    "Choose date": "选择日期",
    "Choose date range": "选择日期范围",
    "Select...": "请选择",
    "Upload": "选择文件",
    "Browse files": "选择文件",
    "Add files": "添加文件",
    "Upload directories": "选择文件夹",
    "Drag and drop a file here": "把文件拖到这里",
    "Drag and drop files here": "把文件拖到这里",
    "Drag and drop file here": "把文件拖到这里",
    "Error uploading file": "文件上传失败",
    "Error deleting file": "文件删除失败",
    "File type not allowed.": "不支持这种文件。",
    "Only one file is allowed.": "只能选择一个文件。",
    "Pagination": "分页",
    "Previous page": "上一页",
    "Next page": "下一页",
    "Download as CSV": "下载 CSV",
    "Download as PNG": "下载图片",
    "Show data": "显示数据",
    "Show chart": "显示图表",
    "Show/hide columns": "显示或隐藏列",
    "Search": "搜索",
    "Type to search": "输入以搜索",
    "Close Search": "关闭搜索",
    "Previous Result": "上一个",
    "Next Result": "下一个",
    "Sort ascending": "升序",
    "Sort descending": "降序",
    "Pin column": "固定列",
    "Unpin column": "取消固定",
    "Hide column": "隐藏列",
    "Autosize": "自动列宽",
    "Copy column name": "复制列名",
    "Statistics": "统计",
    "Format": "格式",
    "Loading...": "正在加载…",
    "empty": "空",
    "Zoom In": "放大",
    "Zoom Out": "缩小",
    "Zoom in": "放大",
    "Zoom out": "缩小",
    "Reset bearing to north": "指北",
    "file upload": "文件上传",
    "Map": "地图",
    "Mapbox logo": "地图组件",
    "Toggle attribution": "显示地图说明",
    "Copy Vega-Lite spec": "复制图表定义",
    "Vega visualization": "图表",
    "Event": "事件",
    "Image": "图片",
    "Image source failed to load": "图片无法显示",
  };

  const PATTERNS = [
    [/^(.+) per file(?: • (.+))?$/, (_, size, kinds) => `每个文件不超过 ${size}${kinds ? ` · ${kinds}` : ""}`],
    [/^File must be (.+) or smaller\.$/, (_, size) => `文件不能超过 ${size}。`],
    [/^Select (\d+) matches$/, (_, count) => `选择 ${count} 个匹配项`],
    [/^Add: (.+)$/, (_, value) => `添加：${value}`],
    [/^You can only select up to (\d+) options?\. Remove an option first\.$/, (_, most) => `最多选 ${most} 项，请先去掉一项。`],
    [/^You have requested page \/(.*), but no corresponding file was found in the app's pages\/ directory\. Running the app's main page\.$/, (_, page) => `没有「${page}」这个页面，已为您打开总览。`],
    [/^Connection failed with status (\d+).*$/s, (_, status) => `连接失败（${status}），页面会自动重试。`],
    [/^Cannot connect to Streamlit \(HTTP status: (\d+)\)\..*$/s, (_, status) => `连接被拒绝（${status}），请刷新页面重试。`],
    [/^(Fullscreen|Close fullscreen|Download as PNG|Copy Vega-Lite spec|Show data|Show chart): (.+)$/s, (_, what, of) => `${WORDS[what]}：${of}`],
    [/^([XY])-axis(?: titled '(.*)')? for an? .*?scale with (?:values from (.+) to (.+)|(\d+) values?: (.+))$/s,
      (_, axis, title, low, high, count, list) => `${axis === "X" ? "横" : "纵"}轴${title ? `（${title}）` : ""}：${count ? list : `${low} 至 ${high}`}`],
    [/^(year|month|day), (.+)$/, (_, part, label) => `${{ year: "年", month: "月", day: "日" }[part]}，${label}`],
    [/^Selected Date: (.+)$/, (_, day) => `已选日期：${new Date(day).toLocaleDateString("zh-CN")}`],
    [/^Selected (.+)$/, (_, value) => `已选 ${value}`],
    [/^Remove (.+)$/, (_, value) => `移除 ${value}`],
    [/^Page (\d+)$/, (_, page) => `第 ${page} 页`],
    [/^Go to page (\d+)$/, (_, page) => `到第 ${page} 页`],
    [/^Shortcut (.+)$/, (_, keys) => `快捷键 ${keys}`],
  ];

  const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];
  // What we wrote ourselves: only whole sentences of the frontend are looked for in it, never single words.
  const OURS = '[data-testid="stMarkdownContainer"], [data-testid="stHtml"], [data-testid="stTable"], .vega-embed, svg, canvas, script, style';
  const LONG = 24;

  function translated(text) {
    const trimmed = text.trim();
    if (!trimmed || !/[A-Za-z]/.test(trimmed)) return null;
    if (Object.hasOwn(WORDS, trimmed)) return text.replace(trimmed, () => WORDS[trimmed]);
    for (const [pattern, say] of PATTERNS) {
      const found = pattern.exec(trimmed);
      if (found) return text.replace(trimmed, () => say(...found));
    }
    return null;
  }

  function text(node) {
    const parent = node.parentElement;
    if (!parent || parent.isContentEditable || ["TEXTAREA", "SCRIPT", "STYLE"].includes(parent.tagName)) return;
    const said = translated(node.data);
    if (said === null || said === node.data) return;
    if (node.data.trim().length < LONG && parent.closest(OURS) && !chromeLabel(parent)) return;
    node.data = said;
  }

  // Two of the frontend's own buttons draw their words the way ours are drawn.
  function chromeLabel(element) {
    return element.closest('[data-testid="stFileUploaderDropzone"], [role="dialog"] footer') !== null;
  }

  function attributes(element) {
    for (const name of ATTRIBUTES) {
      const value = element.getAttribute(name);
      if (!value) continue;
      const said = translated(value);
      if (said !== null && said !== value) element.setAttribute(name, said);
    }
  }

  function walk(root) {
    if (root.nodeType === Node.TEXT_NODE) return text(root);
    if (root.nodeType !== Node.ELEMENT_NODE) return undefined;
    attributes(root);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) text(node);
      else attributes(node);
    }
    return undefined;
  }

  function softly(work) {
    try {
      work();
    } catch (error) {
      console.debug("chrome", error);
    }
  }

  softly(() => {
    new MutationObserver((changes) => softly(() => {
      for (const change of changes) {
        if (change.type === "childList") change.addedNodes.forEach(walk);
        else if (change.type === "characterData") text(change.target);
        else attributes(change.target);
      }
    })).observe(document.documentElement, {
      subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
    });
    walk(document.body);
  });

  const PAUSE = 1500;
  const pauses = new WeakMap();

  // A text area gives its text to the server on Ctrl+Enter, or when it is left: too late for a reload while typing.
  function typed(event) {
    const area = event.target;
    if (!(area instanceof HTMLTextAreaElement) || !area.closest(".st-key-form")) return;
    clearTimeout(pauses.get(area));
    if (event.type === "input" && event.isComposing) return;
    const commit = () => area.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
    pauses.set(area, setTimeout(() => softly(commit), PAUSE));
  }

  // What was typed a moment before somebody goes back is given to the server too: leaving a field does that.
  window.addEventListener("popstate", () => softly(() => {
    const field = document.activeElement;
    if (field?.closest(".st-key-form")) field.blur();
  }));

  const stepOf = () => new URLSearchParams(location.search).get("step");
  let step = stepOf();
  let turning = 0;

  // The button that led to another step goes with its own, and the focus with it: then the rail gets it.
  function turned() {
    const rail = document.querySelector(".st-key-rail");
    if (!rail) return;
    if (stepOf() !== step) {
      step = stepOf();
      turning = 20;
      if (rail.getBoundingClientRect().top < 0) rail.scrollIntoView({ block: "start" });
    }
    if (turning > 0 && document.activeElement === document.body) {
      rail.querySelector("[aria-checked='true']")?.focus({ preventScroll: true });
      turning = 0;
    }
    turning -= 1;
  }

  setInterval(() => softly(turned), 200);

  // A plain link to a page of ours goes on in this session, as the frontend's own links do: it reads the address anew
  // when told that one came back to it. Anything else about a link is the browser's to do, and so is all of it offline.
  function followed(event) {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest('[data-testid="stHtml"] a[href]');
    if (!link || link.hasAttribute("download") || !["", "_self"].includes(link.target)) return;
    if (link.origin !== location.origin || link.hash || !PAGES.has(link.pathname.slice(1))) return;
    if (!document.querySelector('[data-testid="stApp"][data-test-connection-state="CONNECTED"]')) return;
    event.preventDefault();
    const idOf = (place) => place.pathname + new URLSearchParams(place.search).get("id");
    const elsewhere = idOf(link) !== idOf(location);
    if (link.href !== location.href) history.pushState({}, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    if (elsewhere) document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  }

  document.addEventListener("click", (event) => softly(() => followed(event)));

  for (const kind of ["input", "compositionend"]) {
    document.addEventListener(kind, (event) => softly(() => typed(event)), true);
  }
})();
