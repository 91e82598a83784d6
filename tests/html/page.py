#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Reads a page as a person would: page.py CASE PAGE, in a folder of its own.

Every case ends with the browser having complained of nothing and asked for nothing but the page.
Screenshots of what was seen stay in the folder.
"""

import base64
import re
import signal
import sys
import time
from pathlib import Path

from browser import Browser

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")

# The bytes that the dump shows, in order, as its cells have them.
SHOWN = """
return Array.from(document.querySelectorAll("#dump .bytes > span"), (cell) => cell.innerText).join("")
"""

# Text whose colours are nearer to each other than WCAG's AA allows.
FAINT = """
const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const c = part / 255;
        return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
        const colour = getComputedStyle(e).backgroundColor;
        if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    throw new Error("the page has no ground");
};
const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && element.checkVisibility()) texts.push(element);
}
const ratios = texts.map((element) => {
    const [low, high] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => a - b);
    return [(high + 0.05) / (low + 0.05), element.className || element.id, element.innerText];
});
return [texts.length, ratios.filter(([ratio]) => ratio < 4.5)];
"""


def equal(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: found {found!r}, expected {expected!r}")


def holds(fact, what):
    if not fact:
        sys.exit(what)


def soon(page, selector, expected):
    """What is searched for is found a little after the key was pressed."""
    end = time.monotonic() + 60
    while page.text(selector) != expected and time.monotonic() < end:
        time.sleep(0.05)
    equal(page.text(selector), expected, selector)


def soon_copied(page, expected, what):
    """Browsers give text to the clipboard in their own time."""
    clipboard = "return navigator.clipboard.readText()"
    end = time.monotonic() + 60
    while page.run(clipboard) != expected and time.monotonic() < end:
        time.sleep(0.05)
    equal(page.run(clipboard), expected, what)


def where(page):
    return page.run("return document.querySelector('#message').dataset.entry")


def selected(page):
    return page.run("return Array.from(document.querySelectorAll('#dump .bytes .selected'), (c) => +c.dataset.at)")


def look(page, name):
    for scheme in SCHEMES:
        for size, (width, height) in SIZES.items():
            page.show(width, height, scheme)
            wide = page.run("return document.documentElement.scrollWidth")
            holds(wide <= width, f"{name}: the page is {wide} pixels wide in a window of {width}")
            page.screenshot(f"{name}-{size}-{scheme}")
    page.show()


def search(page, query, found):
    page.press("Escape", "Escape", "/")
    page.type(query)
    soon(page, "#found", found)


# The cases


def case_bytes(page):
    """Prints the exchanges as rows.py does, each message as the dump shows it when it is selected."""
    sides = {}
    count = page.run("return document.querySelectorAll('#plain .entry').length")
    for number in range(count):
        if number:
            before = where(page)
            page.press("j")
            if where(page) == before:
                page.press("]", "Home")
        conversation, exchange, direction, last = where(page).split(".")
        side = sides.setdefault((int(conversation), int(exchange)), {"request": [], "response": []})
        if last not in ("none", "lost"):
            side[direction].append(page.run(SHOWN) or "-")
    for _, side in sorted(sides.items()):
        print(" ".join(",".join(side[direction]) or "none" for direction in side))
    look(page, "bytes")


def case_hostile(page):
    equal(page.run("return typeof hacked"), "undefined", "what a name could run")
    equal(page.run("return document.querySelectorAll('img, iframe, object, embed, form, #hacked').length"), 0, "elements")
    equal(page.run("return document.querySelectorAll('script').length"), 1, "scripts")
    equal(page.run("return document.querySelectorAll('[onclick], [onerror], [style*=url]').length"), 0, "attributes")
    inside = page.run("return document.documentElement.outerHTML.replace(/<script>[^]*<\\/script>/, '')")
    hidden = re.findall("[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", inside)
    equal(hidden, [], "hidden characters")
    page.press("t", "]")
    while True:
        before = where(page)
        page.press("End", "]")
        shown = page.run("return document.body.innerText")
        equal(re.findall("[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", shown), [], "hidden characters")
        if where(page) == before:
            break
    look(page, "hostile")
    # The policy holds: what would stand in the page after all could still not run.
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x\" onerror=\"window.hacked = 2\">')"
    )
    time.sleep(0.2)
    equal(page.run("return typeof hacked"), "undefined", "what the policy let run")
    holds(any("Content Security Policy" in line for line in page.complaints()), "the policy was not heard of")


def case_keys(page):
    ids = [f"1.{number}.{direction}.1" for number in (1, 2, 3) for direction in ("request", "response")]
    equal(where(page), ids[0], "what is selected at first")
    page.press("j", "ArrowDown")
    equal(where(page), ids[2], "after j and down")
    page.press("k", "ArrowUp", "k")
    equal(where(page), ids[0], "after k and up, and no further")
    page.press("End")
    equal(where(page), ids[5], "after End")
    page.press("k", "k")
    equal(page.text("#title"), "Response", "the title")
    equal(page.text("#facts"), "GET / · 23 bytes", "the facts")
    page.press("t")
    equal(page.texts("#dump .printable"), ["HTTP/1.1 200 OK\\r\\n", "\\r\\n", "Ping"], "the text")
    look(page, "text")
    page.press("t", "Home", "?")
    equal(page.run("return document.querySelector('#help').open"), True, "whether there is help")
    look(page, "help")
    page.press("j", "Escape")
    equal(page.run("return document.querySelector('#help').open"), False, "whether there still is help")
    equal(where(page), ids[0], "what is selected behind the help")
    page.press("Enter", "ArrowRight", "Shift+ArrowRight")
    equal(selected(page), [1, 2], "the selected bytes")
    equal(page.text("#inspector"), "00000001–00000002, 2 bytes: big-endian 256, little-endian 1", "the numbers")
    equal(page.run("return document.activeElement.getAttribute('aria-activedescendant')"), "byte-2", "the active byte")
    look(page, "selection")
    page.press("End", "Shift+Home")
    equal(selected(page), list(range(9)), "all bytes")
    page.press("Escape")
    equal(selected(page), [], "the selected bytes after Esc")
    equal(page.run("return document.activeElement.id"), "entries", "where Esc leads")


def case_mouse(page):
    page.click(".line.response")
    equal(where(page), "1.1.response.1", "after a click")
    page.hover("#dump .bytes > [data-at='5']")
    equal(page.texts("#dump .hovered"), ["6f", "o"], "what is under the mouse")
    page.hover("#dump .printable > [data-at='4']")
    equal(page.texts("#dump .hovered"), ["70", "p"], "what is under the mouse")
    page.click("#dump .printable > [data-at='4']")
    equal(selected(page), [4], "the byte that was clicked")
    address = "return location.hash"
    end = time.monotonic() + 60
    while page.run(address) != "#1.1.response.1" and time.monotonic() < end:
        time.sleep(0.05)
    equal(page.run(address), "#1.1.response.1", "the address")
    page.run("location.hash = '1.2.request.1'")
    soon(page, "#facts", "GET / · 27 bytes")
    page.click("[data-view=text]")
    equal(page.texts("#dump .row")[0], "00000000\nGET / HTTP/1.1\\r\\n", "the text")


def case_copy(page):
    page.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    texts = {
        "hex": "06 01 00 2a 20 70 69 6e 67",
        "base64": base64.b64encode(b"\x06\x01\x00\x2a ping").decode(),
        "c": '"\\006\\001\\000* ping"',
        "go": "[]byte{0x06, 0x01, 0x00, 0x2a, 0x20, 0x70, 0x69, 0x6e, 0x67}",
    }
    labels = {"hex": "hex", "base64": "base64", "c": "a C string", "go": "Go"}
    for name, text in texts.items():
        page.click(f"[data-format={name}]")
        soon_copied(page, text, name)
        soon(page, "#copied", f"copied 9 bytes as {labels[name]}")
    page.click("[data-format=hex]")
    page.press("Escape", "Enter", "End", "c")
    soon(page, "#copied", "copied 1 byte as hex")
    soon_copied(page, "67", "the selected byte")
    # Where the browser has no clipboard to give there is still the old way.
    page.run("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    page.press("Home", "c")
    soon_copied(page, "06", "the other selected byte")
    soon(page, "#copied", "copied 1 byte as hex")


def case_search(page):
    search(page, "PING", "2 found")
    equal(where(page), "1.1.request.1", "the first that matches")
    equal(selected(page), [5, 6, 7, 8], "what matches")
    equal(page.texts("#entries mark"), ["70", "69", "6e", "67", "P", "i", "n", "g"], "what is marked")
    look(page, "search")
    page.press("Enter")
    equal(where(page), "1.2.response.1", "the second that matches")
    page.press("Enter")
    equal(where(page), "1.1.request.1", "around to the first again")
    page.press("Escape")
    soon(page, "#found", "")
    search(page, "2a 20", "1 found")
    equal(selected(page), [3, 4], "the bytes")
    equal(page.texts("#entries .exchange"), ["ping"], "the exchanges that match")
    page.click("#filter")
    equal(page.texts("#entries .exchange"), ["ping", "GET /", "talk twice 3"], "all exchanges")
    page.click("#filter")
    search(page, "pong", "1 found")
    places = []
    for key in ("n", "n", "N", "N", "N"):
        page.run("document.querySelector('#entries').focus()")
        page.press(key)
        places.append(selected(page)[0])
    equal(places, [9, 14, 9, 4, 99], "one match after the other, and back, and around")
    for query, found in ('"2a 20"', "no match"), ("0x2a20", "1 found"), ("\\x2a\\x20", "1 found"), ("twice 3", "1 found"):
        search(page, query, found)
    equal(where(page), "1.3.request.1", "an exchange by its name")


def case_themes(page):
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    grounds = {}
    for scheme in SCHEMES:
        page.show(scheme=scheme)
        grounds[scheme] = page.run(ground)
        search(page, "o", "3 found")
        page.press("Escape", "Escape", "Enter", "Shift+ArrowRight", "?")
        count, faint = page.run(FAINT)
        holds(count > 60, f"only {count} texts were looked at")
        equal(faint, [], f"what is too faint, {scheme}")
        page.press("Escape", "Escape")
    holds(grounds["light"] != grounds["dark"], f"light and dark are both {grounds['light']}")
    page.show(scheme="dark")
    for text in "Theme: light", "Theme: dark", "Theme: system", "Theme: light":
        page.click("#theme")
        equal(page.text("#theme"), text, "the button")
    equal(page.run(ground), grounds["light"], "light where the system is dark")
    page.call("POST", "/refresh", {})
    equal(page.run(ground), grounds["light"], "light that is remembered")


def case_incomplete(page):
    holds("not everything that was said" in page.text("#incomplete"), "no warning")
    entries = page.texts("#entries .line")
    for what in "empty message", "+12 missing", "2 responses lost", "+3 missing":
        equal(sum(what in entry for entry in entries), 1, f"how often it says {what!r}")
    seen = {}
    for _ in range(14):
        seen[where(page)] = page.text("#nothing") or page.text("#notes")
        page.press("j")
    equal(seen["1.2.request.1"], "An empty message: it was said, and has no bytes.", "the empty message")
    equal(seen["1.2.request.3"], "12 more bytes not recorded.", "the cut message")
    equal(seen["1.2.response.lost"], "These messages passed, but nothing of them could be recorded.", "the lost ones")
    equal(seen["1.2.response.2"], "Nothing of this message was recorded.", "the unread message")
    equal(seen["1.3.request.1"], "with 2 file descriptors (file, pipe)", "what was passed")
    equal(seen["1.3.response.1"], "with credentials (uid 0, gid 1)\nancillary data is missing", "what was passed back")
    page.press("]", "Home")
    equal(page.text("#nothing"), "No request was seen in this exchange.", "the missing request")
    look(page, "incomplete")


def case_volatile(page):
    marked = "return Array.from(document.querySelectorAll('#dump .bytes .volatile'), (c) => +c.dataset.at)"
    equal(page.run(marked), [2, 3, 8], "the bytes that are marked")
    holds("differs from one recording" in page.text("#notes"), "nothing says what the mark means")
    holds("request[2:4] varies" in page.text("#notes"), "nothing says which bytes they are")
    equal(page.run("return document.querySelectorAll('#sequence .said.volatile').length"), 1, "the messages that are marked")
    equal(page.run("return document.querySelectorAll('#sequence .carrying').length"), 0, "the words in the list")
    look(page, "volatile")


def case_without_scripts(page):
    page.devtools("Emulation.setScriptExecutionDisabled", value=True)
    page.call("POST", "/refresh", {})
    look_without_scripts(page)
    shown = page.devtools("DOMSnapshot.captureSnapshot", computedStyles=[])
    texts = [shown["strings"][text] for text in shown["documents"][0]["layout"]["text"] if text >= 0]
    for line in " ".join(texts).splitlines():
        if dumped := re.search(r"[0-9a-f]{8}  ((?:[0-9a-f]{2} ?){1,16})\t", line):
            print(dumped[1].replace(" ", ""), end="")
    holds(not any("Search" in text for text in texts), "there are controls that do nothing")


def look_without_scripts(page):
    for scheme in SCHEMES:
        for size, (width, height) in SIZES.items():
            page.show(width, height, scheme)
            page.screenshot(f"plain-{size}-{scheme}")
    page.show()


def case_print(page):
    page.devtools("Emulation.setEmulatedMedia", media="print")
    equal(page.run("return document.querySelector('#reader').checkVisibility()"), False, "whether the reader is printed")
    equal(page.run("return document.querySelector('#plain pre').checkVisibility()"), True, "whether the bytes are")
    pages = page.devtools("Page.printToPDF")
    (page.directory / "print.pdf").write_bytes(base64.b64decode(pages["data"]))


def case_many(page):
    count = "return document.querySelectorAll('#entries [data-line]').length"
    equal(page.text("#summary"), "1 conversation · 10,000 exchanges · 20,000 messages · 1,118,890 bytes", "the summary")
    holds(0 < page.run(count) < 60, "more lines are in the page than can be seen")
    page.press("End")
    equal(where(page), "1.10000.response.1", "the last message")
    last = page.texts("#entries .line")[-1]
    holds(last.startswith(b"response 9999".hex(" ")), f"the last line is {last!r}")
    search(page, "request 8765", "1 found")
    equal(where(page), "1.8766.request.1", "what was searched for")
    equal(len(page.texts("#entries .exchange")), 1, "the exchanges that match")
    page.press("Escape")
    soon(page, "#found", "")
    holds(page.run(count) < 60, "more lines are in the page than can be seen")
    equal(page.run("return document.querySelector('#entries [aria-selected=true]').innerText.includes('8765')"), True, "in sight")
    look(page, "many")


def case_large(page):
    page.press("j")
    equal(page.text("#facts"), "request 0 · 1,048,576 bytes", "the facts")
    rows = "return document.querySelectorAll('#dump .row').length"
    holds(0 < page.run(rows) < 60, "more rows are in the page than can be seen")
    page.press("Enter", "End")
    equal(selected(page), [1048575], "the last byte")
    equal(page.texts("#dump .offset")[-1], "000ffff0", "the last row")
    page.press("t")
    equal(page.run("return document.querySelectorAll('#dump .selected').length"), 1, "the last byte as text")
    page.press("t", "Escape")
    search(page, "00 01 02 03", "1 found")
    page.press("Enter", "Enter", "Enter")
    equal(selected(page)[0], 11 + 3 * 256, "the fourth match")
    page.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.press("Escape", "Escape", "Escape")
    page.click("[data-format=base64]")
    soon(page, "#copied", "copied 1,048,576 bytes as base64")
    print(base64.b64decode(page.run("return navigator.clipboard.readText()")).hex())
    look(page, "large")


def case_silent(page):
    equal(page.text("#title"), "Nothing was said", "the title")
    equal(page.text("#nothing"), "The command had no conversation over a socket.", "the message")
    page.press("j", "k", "Enter", "c", "t", "]", "n")
    search(page, "x", "no match")
    look(page, "silent")


def case_damaged(page):
    holds("This page cannot be shown as it should be" in page.text("#failure"), "nothing is said")
    equal(page.run("return document.querySelector('#plain').checkVisibility()"), True, "whether the plain markup is shown")
    look_without_scripts(page)
    holds(page.complaints(), "the console says nothing")


def main(case, path):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with Browser(Path.cwd()) as page:
        page.show()
        page.open(path)
        globals()[f"case_{case}"](page)
        equal(page.complaints(), [], "what the browser complains of")
        equal(page.requests(path), {Path(path).resolve().as_uri()}, "what the page asked for")


main(*sys.argv[1:])
