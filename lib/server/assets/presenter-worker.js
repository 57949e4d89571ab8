// Keeps the decks that this browser opened last, and what they need, so that a reload shows them without the server.
// Only what everybody may see is kept: the server says so in a header.
"use strict";

const STORE = "decks-1";
const MOST = 12;
const PATIENCE = 4000;

const isDeck = (url) => url.pathname === "/presenter" && url.searchParams.has("event");
const keyOf = (url) => `${url.origin}/presenter?event=${url.searchParams.get("event")}`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function keep(request, response) {
  const url = new URL(request.url);
  if (!response.ok) return;
  const store = await caches.open(STORE);
  if (isDeck(url)) {
    if (response.headers.get("X-Deck") !== "public") return;
    await store.put(keyOf(url), response);
    const decks = (await store.keys()).filter((one) => isDeck(new URL(one.url)));
    for (const old of decks.slice(0, Math.max(0, decks.length - MOST))) await store.delete(old);
  } else {
    await store.put(request, response);
  }
}

async function deck(request) {
  const url = new URL(request.url);
  const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error("late")), PATIENCE));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (answer.status >= 500) throw new Error(String(answer.status));
    keep(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await (await caches.open(STORE)).match(keyOf(url));
    if (kept) return kept;
    throw error;
  }
}

async function asset(request) {
  const store = await caches.open(STORE);
  const kept = await store.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  keep(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (isDeck(url)) event.respondWith(deck(event.request));
  else if (url.pathname.startsWith("/assets/") || url.pathname === "/app/static/icon.svg") event.respondWith(asset(event.request));
});

// A page that was there before this worker asks it to keep what the page is made of.
self.addEventListener("message", (event) => {
  const wanted = Array.isArray(event.data?.keep) ? event.data.keep : [];
  event.waitUntil(Promise.all(wanted.map(async (address) => {
    try {
      const request = new Request(address, { credentials: "same-origin" });
      await keep(request, await fetch(request));
    } catch { /* away: the next visit keeps it */ }
  })));
});
