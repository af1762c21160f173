/* The list of the day without network: a mark is kept in this browser, with its moment, until the service has it. */
(() => {
  "use strict";
  const page = document.querySelector("[data-day]");
  if (!page) return;
  const key = `bottega-day-${page.dataset.day}`;
  const words = page.dataset;
  const said = page.querySelector("[data-day-said]");
  const rows = new Map([...page.querySelectorAll("[data-day-mark]")].map((form) => [form.dataset.dayMark, form]));

  const read = () => JSON.parse(localStorage.getItem(key) ?? "{}");
  const write = (marks) => (Object.keys(marks).length ? localStorage.setItem(key, JSON.stringify(marks)) : localStorage.removeItem(key));
  const tell = (id, text) => {
    const row = rows.get(id);
    if (row) row.querySelector("[data-day-row]").textContent = text;
    said.textContent = text;
  };
  const forget = (id, at) => {
    // Somebody may have marked anew while the older one was on its way.
    const marks = read();
    if (marks[id]?.at === at) delete marks[id];
    write(marks);
  };

  let isSending = false;
  const send = async () => {
    if (isSending) return;
    isSending = true;
    let isChanged = false;
    try {
      for (const [id, { at, students, adults }] of Object.entries(read())) {
        const body = new URLSearchParams({ form_token: page.querySelector("[name=form_token]")?.value ?? "", students, ago: Math.max(0, Math.round((Date.now() - at) / 1000)) });
        if (adults !== undefined) body.set("adults", adults);
        const answer = await fetch(`/bookings/${id}/present`, { method: "POST", body, redirect: "manual" });
        if (answer.type === "opaqueredirect") {
          forget(id, at);
          tell(id, words.sent);
          isChanged = true;
        } else if (answer.status === 401 || answer.status === 403) {
          tell(id, words.away);
          break;
        } else if (answer.status < 500 && answer.status !== 429) {
          forget(id, at);
          tell(id, words.refused);
        }
      }
    } catch {
      // No network: what is kept stays, and goes when there is one.
    } finally {
      isSending = false;
    }
    if (isChanged && !Object.keys(read()).length) location.reload();
  };

  page.addEventListener("submit", (event) => {
    const form = event.target;
    const id = form.dataset.dayMark;
    if (!id) return;
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    const mark = { at: Date.now(), students: fields.get("students") };
    if (fields.has("adults")) mark.adults = fields.get("adults");
    write({ ...read(), [id]: mark });
    tell(id, words.waits);
    send();
  });
  addEventListener("online", send);
  setInterval(send, 10000);
  for (const id of Object.keys(read())) tell(id, words.waits);
  send();
})();
