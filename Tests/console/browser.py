#!/usr/bin/env python3
"""Drives Debian's Chromium through `omsctl console`: against a real omsd, well and in trouble, and against a daemon whose words are hostile.

usage: browser.py BINARIES SOCKET SCRATCH SIMULATOR PID [PICTURES]

SOCKET and PID are a running omsd's, SIMULATOR the address of its venues; it is killed on the way. Pictures go to PICTURES, at both widths, in dark and
light. Run by scripts/test-console.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scenes import Page, Scenes
from scripted import ScriptedDaemon, troubled
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BINARIES, SOCKET, SCRATCH, SIMULATOR = sys.argv[1:5]
DAEMON = int(sys.argv[5])
PICTURES = sys.argv[6] if len(sys.argv) > 6 else None
WIDTHS = (380, 1280)


@contextmanager
def console(socket_path: str, *more: str, environment: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen, str]]:
    words = [f"{BINARIES}/omsctl", "--socket", socket_path, "console", "--json", *more]
    # A page whose console has ended goes on asking, and complaining: that was the scene before.
    browser.get("about:blank")
    complaints()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        yield process, json.loads(process.stdout.readline())["url"]
        browser.get("about:blank")
    finally:
        process.terminate()
        process.wait(timeout=10)


def start_browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={SCRATCH}/profile", "--no-first-run"):
        options.add_argument(word)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def until(what: str, condition: Callable[[], object], seconds: float = 15) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except Exception:  # The page is being changed under the question: asked again.
            pass
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s; the page says:\n{page_text()[:3000]}")


browser = start_browser()
failures: list[str] = []


def page_text() -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def headline() -> str:
    return browser.find_element(By.ID, "verdict").text


def resize(width: int, height: int = 900) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def scheme(name: str) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})


def picture(name: str) -> None:
    """The whole page at both widths, dark and light."""
    if not PICTURES:
        return
    for width in WIDTHS:
        for colours in ("light", "dark"):
            scheme(colours)
            resize(width)
            height = browser.execute_script("return document.documentElement.scrollHeight")
            resize(width, min(height, 9000))
            time.sleep(0.3)
            browser.save_screenshot(f"{PICTURES}/{name}-{width}-{colours}.png")
    resize(1280)


def check(sentence: str, holds: object, more: object = "") -> None:
    if holds:
        print(f"  ok: {sentence}")
    else:
        failures.append(sentence)
        print(f"  FAILED: {sentence} {more}")


def complaints() -> list[str]:
    """What the browser itself had to say: refused by the policy, or thrown by the script."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def fits() -> list[int]:
    """The widths at which something hangs over the edge."""
    over = []
    for width in WIDTHS:
        resize(width)
        if browser.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            over.append(width)
    resize(1280)
    return over


# Text against what lies behind it, as WCAG 2.1 counts contrast; names what is below 4.5:1.
CONTRAST = """
const luminance = ([r, g, b]) => [r, g, b].map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length === 4 ? n : [...n, 1]; };
const bad = [];
for (const element of document.querySelectorAll('body *')) {
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !element.getClientRects().length) continue;
  if (element.closest('.unseen, .skip')) continue;
  let behind = element;
  while (behind && parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(parse(getComputedStyle(behind ?? document.documentElement).backgroundColor))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)} ${element.textContent.slice(0, 40)}`);
}
return bad;
"""


def contrasts() -> list[str]:
    found = []
    for colours in ("light", "dark"):
        scheme(colours)
        found += [f"{colours}: {line}" for line in browser.execute_script(CONTRAST)]
    return found


def with_a_healthy_daemon() -> None:
    print("a daemon that is well:")
    with console(SOCKET) as (process, url):
        samples = dict((line.split("\t")[0], line.split("\t")[2].strip()) for line in open(f"{SCRATCH}/config/samples.tsv"))
        name, order = next(iter(samples.items()))

        def place(intent: str) -> None:
            placed = subprocess.run([f"{BINARIES}/omsctl", "submit", "-", "--account", name, "--intent-id", intent], input=order, text=True,
                                    capture_output=True, env={**os.environ, "OMSD_SOCKET": SOCKET})  # fmt: skip
            assert placed.returncode == 0, placed.stderr

        place("before")
        browser.get(url)
        until("it is all right", lambda: "It is all right" in headline() or "Nothing needs a person" in headline())
        cards = len(browser.find_elements(By.CSS_SELECTOR, ".card"))
        check("every account is shown, and ready", cards == len(samples) > 1 and "NOT READY" not in page_text(), f"{cards} of {len(samples)}")
        until("the plots know of the order", lambda: "Requests: sent to answered (0)" not in (text := browser.find_element(By.ID, "plots").text) and "answered (" in text)
        check("and are drawn", len(browser.find_elements(By.CSS_SELECTOR, "#plots canvas")) == 2)
        place("seen-in-browser")
        until("events come by themselves", lambda: "seen-in-browser settled" in browser.find_element(By.ID, "events").text)
        browser.find_element(By.TAG_NAME, "body").send_keys("/")
        field = browser.switch_to.active_element
        check("a slash leads to the search", field.get_attribute("id") == "id")
        field.send_keys("seen-in-browser", Keys.ENTER)
        until("the intent is found", lambda: "is settled" in browser.find_element(By.ID, "find").text)
        browser.find_element(By.CSS_SELECTOR, "#find td .link").click()
        until("the order's story is read", lambda: "written down, not sent yet" in browser.find_element(By.ID, "find").text)
        field.clear()
        field.send_keys("nobody", Keys.ENTER)
        until("what is unknown is said to be", lambda: "nothing on record bears nobody" in browser.find_element(By.ID, "find").text)
        check("nothing hangs over the edge", not fits(), fits())
        check("text stands out from its ground, dark and light", not contrasts(), contrasts())
        picture("well")
        check("the browser has nothing to say", not (found := complaints()), found)
        other = url.rsplit("=", 1)[0] + "=" + "0" * 64
        browser.get(other)
        check("another token is refused", "needs its token" in page_text(), page_text())
        complaints()


# What `--open` hands the address to, in the place of a browser.
BROWSER = """#!/bin/sh
stat --format %a "$1" >"{0}/mode"
cat "$1" >"{0}/page"
echo "$1" >"{0}/name"
"""


def command_lines() -> str:
    """Of every process there is, as anybody on the host may read them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.append(open(f"/proc/{pid}/cmdline").read())
        except OSError:
            pass  # It has ended.
    return "\n".join(found)


def for_its_user_alone() -> None:
    print("somebody else on the host:")
    folder = f"{SCRATCH}/open"
    os.mkdir(folder, 0o755)
    with open(f"{folder}/xdg-open", "w") as file:
        file.write(BROWSER.format(folder))
    os.chmod(f"{folder}/xdg-open", 0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": folder}
    with console(SOCKET, "--open", environment=environment) as (process, url):
        until("the address is handed over", lambda: os.path.exists(f"{folder}/name") and open(f"{folder}/name").read().endswith("\n"))
        said = {name: open(f"{folder}/{name}").read().strip() for name in ("mode", "page", "name")}
        check("the address is handed to a browser in a file that its user alone may read", said["mode"] == "600" and url in said["page"], said["mode"])
        token = url.rsplit("=", 1)[1]
        check("and stands on no command line", token not in command_lines())
        question = f"import urllib.request as u, urllib.error as e\ntry: u.urlopen({url.split('?')[0]!r}); print(200)\nexcept e.HTTPError as no: print(no.code)"
        other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        answer = subprocess.run([*other, "/usr/bin/python3", "-c", question], text=True, capture_output=True, cwd="/")
        check("another user of the host is refused", answer.stdout.strip() == "403", answer.stdout + answer.stderr)
        until("the file goes when the browser has read it", lambda: not os.path.exists(said["name"]), 20)


def with_real_trouble() -> None:
    print("a daemon in trouble:")
    lines = lambda section: [code.text for code in browser.find_elements(By.CSS_SELECTOR, f"#{section} .cmd code")]
    page = Page(until=until, check=check, picture=picture, text=lambda section: browser.find_element(By.ID, section).text, lines=lines)
    with console(SOCKET) as (_, url):
        browser.get(url)
        Scenes(page, BINARIES, SOCKET, SCRATCH, SIMULATOR, DAEMON).play()
        check("the browser has nothing to say", not (found := complaints()), found)


def with_a_hostile_daemon() -> None:
    print("a daemon in trouble, whose words are hostile:")
    path = f"{SCRATCH}/scripted.sock"
    daemon = ScriptedDaemon(path, troubled())
    with console(path) as (process, url):
        browser.get(url)
        until("a person is needed", lambda: "things need a person" in headline())
        check("hostile words are shown as words", browser.title.startswith("▲ omsd") and "onerror=" in page_text())
        check("and are no elements", not browser.find_elements(By.CSS_SELECTOR, "main img, main script"))
        check("what turns text around is written out", "\u202e" not in page_text() and "\\u{202e}" in page_text())
        lines = [code.text for code in browser.find_elements(By.CSS_SELECTOR, ".cmd code")]
        check("lines to copy are omsd's own", lines and all(line.startswith(("omsctl ", "journalctl ")) for line in lines), lines)
        check("and an id cannot run a command in them", "omsctl why 'o;rm$(id)'" in lines, lines)
        for wanted in ("omsctl resume spot-xt --reason TEXT", "omsctl break acknowledge 12 --reason TEXT", "omsctl resolve o4k2ab2 absent|placed --reason TEXT"):
            check(f"it says `{wanted}`", wanted in lines, lines)
        check("the parked order comes first", browser.find_element(By.CSS_SELECTOR, "#doubts li").text.startswith("▲ parked"))
        daemon.event(kind="order", account="mm-az", client_order_id="o4k2ab2", from_state="submitted", to_state="rejected",
                     detail={"reject_text": "<b onmouseover=alert(1)>no</b>"})  # fmt: skip
        until("a hostile event is text", lambda: "onmouseover" in browser.find_element(By.ID, "events").text)
        browser.find_element(By.CSS_SELECTOR, "#events .link").click()
        until("a hostile story is text", lambda: "the venue refused it, in its words" in browser.find_element(By.ID, "find").text)
        check("nothing of it ran", "owned" not in browser.title and not browser.find_elements(By.CSS_SELECTOR, "main img, main script, main b[onmouseover]"))
        until("plots are drawn", lambda: len(browser.find_elements(By.CSS_SELECTOR, "#plots canvas")) == 2)
        check("nothing hangs over the edge", not fits(), fits())
        check("text stands out from its ground, dark and light", not contrasts(), contrasts())
        picture("trouble")
        focus_stays(daemon)
        stays_bounded(daemon, process.pid)
        changed_nothing(daemon)
        goes_and_comes(daemon)
        check("the browser has nothing to say", not (found := complaints()), found)
        process.terminate()
        until("a console that ended is said to have", lambda: "console itself does not answer" in browser.find_element(By.ID, "old").text)
        check("and what is left is called old", "OLD" in page_text() and "Not up to date" in headline(), headline())
        picture("gone")
        complaints()


def focus_stays(daemon: ScriptedDaemon) -> None:
    wanted = browser.execute_script("const b = document.querySelector('#breaks .cmd button'); b.focus(); return b.dataset.key")
    daemon.answers["break.list"]["breaks"][0]["detail"] = "said anew"
    until("news come", lambda: "said anew" in page_text())
    check("who is at a button stays there while the section changes", browser.execute_script("return document.activeElement.dataset.key") == wanted)
    browser.execute_script("document.querySelector('#breaks').scrollIntoView()")
    before = browser.execute_script("return document.querySelector('#limits').getBoundingClientRect().top")
    rounds = daemon.asked.count("account.list")
    until("the page asks twice more", lambda: daemon.asked.count("account.list") >= rounds + 2)
    check("nothing jumps while nothing changes", browser.execute_script("return document.querySelector('#limits').getBoundingClientRect().top") == before)


# Everything on the page is new, a hundred times, and the plots are drawn anew ten times.
REDRAWN = """
for (let round = 0; round < 100; round++) {
  const model = structuredClone(facts);
  model.seq += round;
  for (const one of model.accounts) { one.open += round; one.reason = `${one.reason} ${round}`; }
  for (const one of model.breaks) one.detail = `round ${round}`;
  for (const one of model.doubts) one.attempts = `${round}`, one.at += round;
  for (const one of model.budgets) one.in_use = round % 50;
  show(model);
  if (round % 10 === 0) { shown.delete("plots"); render("plots", lastPlots, plots); }
}
"""


def held() -> tuple[int, int]:
    """What the page holds once all that nobody needs is gone: bytes of its script's heap, and nodes."""
    for _ in range(3):
        browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        time.sleep(0.3)
    found = {one["name"]: one["value"] for one in browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    return int(found["JSHeapUsedSize"]), int(found["Nodes"])


def resident_kb(pid: int) -> int:
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:"))


def stays_bounded(daemon: ScriptedDaemon, console: int) -> None:
    """A page that is left open for a week: thousands of events and of changes, and it holds as much as before."""

    def events(hundreds: int) -> None:
        for _ in range(hundreds):
            for number in range(100):
                daemon.event(kind="order", account="mm-az", client_order_id=f"o{number}", from_state="submitted", to_state="acknowledged", detail={})
            time.sleep(0.05)

    browser.execute_cdp_cmd("Performance.enable", {})
    events(40)
    until("more than anybody reads is left out, and said to be", lambda: "left out here" in browser.find_element(By.ID, "events").text)
    count = browser.execute_script("return document.querySelector('.events').childElementCount")
    check("no more than 200 lines are kept", 0 < count <= 200, count)
    browser.execute_script(REDRAWN)
    before, at_console = held(), resident_kb(console)
    for _ in range(10):
        events(20)
        browser.execute_script(REDRAWN)
    after, later = held(), resident_kb(console)
    figures = f"{before[0] >> 10} KiB and {before[1]} nodes before, {after[0] >> 10} and {after[1]} after; the console {at_console} KiB and {later}"
    print(f"  a thousand changes of everything and twenty thousand events: {figures}")
    # A thousand changes make some hundred thousand nodes. What one of them made may be held until the next.
    check("a page that stays open holds no more than before", after[0] < before[0] + (1 << 20) and after[1] < before[1] + 5_000, figures)
    check("and neither does the console", later < at_console + 8_192, figures)


def changed_nothing(daemon: ScriptedDaemon) -> None:
    asked = set(daemon.asked)
    reads = {"daemon.status", "account.list", "limit.list", "break.list", "order.list", "order.get", "order.timeline", "intent.get", "stats.get", "event.subscribe"}
    check("only what reads was asked for", asked <= reads, asked - reads)


def goes_and_comes(daemon: ScriptedDaemon) -> None:
    daemon.stop()
    until("a daemon that went is said to have gone", lambda: "cannot be reached" in browser.find_element(By.ID, "old").text)
    check("what is shown is called old", "OLD" in page_text() and "Not up to date" in headline())
    picture("old")
    daemon.answers["daemon.status"]["version"] = "9.9.10"
    daemon.start()
    until("it comes back by itself", lambda: "9.9.10" in page_text() and not browser.find_element(By.ID, "old").is_displayed())
    daemon.event(kind="note", account=None, detail={"note": "after the restart"})
    until("events go on", lambda: daemon.event(kind="note", detail={"note": "on and on"}) or "on and on" in browser.find_element(By.ID, "events").text)
    daemon.is_silent = True
    until("a daemon that stands still is said to", lambda: "not answered for" in browser.find_element(By.ID, "old").text, 25)
    daemon.is_silent = False
    until("and goes on", lambda: not browser.find_element(By.ID, "old").is_displayed(), 25)


def without_a_daemon() -> None:
    print("no daemon at all:")
    with console(f"{SCRATCH}/nobody.sock") as (process, url):
        browser.get(url)
        until("it says that there is none, and how to start one", lambda: "systemctl start omsd" in browser.find_element(By.ID, "old").text)
        check("the headline says so", "No answer" in headline(), headline())
        picture("none")
        check("the browser has nothing to say", not (found := complaints()), found)


try:
    with_a_healthy_daemon()
    for_its_user_alone()
    with_real_trouble()
    with_a_hostile_daemon()
    without_a_daemon()
finally:
    browser.quit()
if failures:
    sys.exit(f"{len(failures)} of the console's sentences do not hold")
