# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Drives Chromium by WebDriver over HTTP, with nothing but the standard library."""

import base64
import json
import re
import subprocess
import urllib.request
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Shift": "\ue008",
    "Tab": "\ue004",
    "Home": "\ue011",
    "End": "\ue010",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}


class Browser:
    """A headless browser with a profile of its own in `directory`; both end with the `with`."""

    def __init__(self, directory):
        self.directory = Path(directory)

    def __enter__(self):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            self.begin()
        except BaseException:
            self.driver.kill()
            raise
        return self

    def begin(self):
        port = next(
            found[1] for line in self.driver.stdout if (found := re.search(r"started .*port (\d+)", line))
        )
        self.url = f"http://127.0.0.1:{port}/session"
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            f"--user-data-dir={self.directory / 'profile'}",
        ]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "unhandledPromptBehavior": "ignore",
        }
        session = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.url += f"/{session['sessionId']}"

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.communicate()

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, path):
        self.call("POST", "/url", {"url": Path(path).resolve().as_uri()})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def texts(self, selector):
        return self.run("return Array.from(document.querySelectorAll(arguments[0]), e => e.innerText)", selector)

    def press(self, *keys):
        """Presses one key after the other; "Shift+End" holds one."""
        actions = []
        for key in keys:
            chord = [KEYS.get(name, name) for name in (key.split("+") if len(key) > 1 else [key])]
            actions += [{"type": "keyDown", "value": name} for name in chord]
            actions += [{"type": "keyUp", "value": name} for name in reversed(chord)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def type(self, text):
        self.press(*text)

    def hover(self, selector):
        origin = {ELEMENT: self.find(selector)}
        move = {"type": "pointerMove", "duration": 0, "origin": origin, "x": 0, "y": 0}
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def show(self, width=1280, height=800, scheme="light"):
        """The window's size in CSS pixels, and what the system is said to prefer."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, name):
        image = base64.b64decode(self.call("GET", "/screenshot"))
        (self.directory / f"{name}.png").write_bytes(image)

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def complaints(self):
        """What the browser wrote to its console since the last time."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.log("browser")]

    def requests(self, path):
        """The addresses that the page there asked for since the last time, and was not refused."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        refused = {
            event["params"]["requestId"]
            for event in events
            if event["method"] == "Network.loadingFailed" and event["params"].get("blockedReason") == "csp"
        }
        return {
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["documentURL"].startswith(Path(path).resolve().as_uri())
            and event["params"]["requestId"] not in refused
        }
