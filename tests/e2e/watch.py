"""What is watched in the background while a test goes on: who is Active, and what the machine does."""
import json
import subprocess
import threading
import time


def active_since(chassis):
    """When the chassis became Active the last time, in seconds since 1970, as its history tells."""
    views = [t["this"] for t in json.loads(chassis.sh("show srp history verbose | json"))["transitions"] if t.get("this")]
    last = [v for v in views if v["to"] == "Active" and v["from"] != "Active"][-1]
    return last["time_ms"] / 1e3 + last["duration_us"] / 1e6


class Lateness:
    """How late the machine was meanwhile: `late`, the seconds in all by which a thread that sleeps a few milliseconds woke
    too late. A bound on what a chassis takes is extended by it, since a machine that stands still does so for all."""
    STEP, USUAL = 0.005, 0.005

    def __init__(self):
        self.late = 0.0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        last = time.monotonic()
        while not self.stopping.is_set():
            time.sleep(self.STEP)
            now = time.monotonic()
            if now - last > self.STEP + self.USUAL:
                self.late += now - last - self.STEP
            last = now

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        self.thread.join(60)


class DualActiveWatch:
    """Watches both chassis in the background. A moment with two Active chassis is one where A was
    Active before and after B was seen Active."""

    def __init__(self, pair):
        self.pair, self.dual, self.history = pair, [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        a, b = self.pair.both
        while not self.stopping.is_set():
            first, other, again = self._state(a), self._state(b), self._state(a)
            seen = (again, other)
            if not self.history or self.history[-1][1] != seen:
                self.history.append((round(time.monotonic(), 3), seen))
            if first == other == again == "Active":
                self.dual.append(time.monotonic())
            self.stopping.wait(0.01)

    @staticmethod
    def _state(chassis):
        try:
            return chassis.state() if chassis.is_running() else None
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        self.thread.join(60)

    def since(self, t):
        """Moments with two Active chassis after t (time.monotonic)."""
        return [d for d in self.dual if d >= t]
