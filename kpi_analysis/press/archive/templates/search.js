"use strict";
{
  const form = document.querySelector("form");
  const field = document.getElementById("words");
  const found = document.getElementById("found");
  const plain = (text) => text.normalize("NFKC").toLocaleLowerCase();
  const groups = [...document.querySelectorAll("main > section:not(.left-out)")].map((section) => ({
    section,
    reports: [...section.querySelectorAll(".report")].map((row) => ({
      row,
      text: plain(section.querySelector("h2").textContent + " " + row.textContent),
    })),
  }));
  const all = groups.reduce((sum, group) => sum + group.reports.length, 0);
  const show = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { section, reports } of groups) {
      const fitting = reports.filter(({ row, text }) => !(row.hidden = !words.every((word) => text.includes(word))));
      section.hidden = fitting.length === 0;
      shown += fitting.length;
    }
    const noun = all === 1 ? "report" : "reports";
    found.textContent = words.length ? `${shown} of ${all} ${noun}` : `${all} ${noun}`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", show);
  show();

  const steps = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  for (const time of document.querySelectorAll("time")) {
    const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
    const step = steps.find(([, length]) => seconds >= length);
    if (step) time.after(`, ${ago.format(-Math.floor(seconds / step[1]), step[0])}`);
  }
}
