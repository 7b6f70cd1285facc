"""A notebook that is opened before its kernel is built, as Jupyter's own client sees it.

Arguments: the project folder and the program `workbook`. Plays the build's part: holds
its lock and writes its state. Prints the name of each scenario that went well.
"""
import fcntl
import json
import os
import sys
import time

from jupyter_client.manager import KernelManager

root, program = sys.argv[1:]
lab = os.path.join(root, ".lab")
lock = None


def state(phase, **more):
    content = {
        "phase": phase, "now": "polars-core", "percent": 12, "seconds_left": 300,
        "notice": None, "failure": None, "completion": "waiting",
        "kernel": {"program": program, "rustc": "rustc 0.1.0"} if phase == "ready" else None,
        **more,
    }
    draft = os.path.join(lab, "draft.json")
    with open(draft, "w") as file:
        json.dump(content, file)
    os.replace(draft, os.path.join(lab, "build.json"))


def building(phase="compiling", **more):
    global lock
    if lock is None:
        lock = open(os.path.join(lab, "build.lock"), "a")
        fcntl.flock(lock, fcntl.LOCK_EX)
    state(phase, **more)


def nothing_builds():
    global lock
    if lock is not None:
        lock.close()
        lock = None


class Notebook:
    def __enter__(self):
        self.manager = KernelManager(kernel_name="lambda-workbook")
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel()

    def run(self, *cells):
        return [self.client.execute(cell) for cell in cells]

    def hear(self, parent, kind):
        """The next message of a kind about a request."""
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") == parent and message["msg_type"] == kind:
                return message["content"]

    def replied(self, request):
        """The reply to a cell, which ends it in the notebook."""
        while True:
            message = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def info(self):
        return self.client.kernel_info(reply=True, timeout=60)["content"]


def scenario(test):
    test()
    nothing_builds()
    print(test.__name__, flush=True)


def cells_wait_and_run_in_their_order_when_the_kernel_is_ready():
    building(notice="2000 MB of memory are free")
    with Notebook() as notebook:
        before = notebook.info()
        first, second, *rest, last = notebook.run(
            "let mut all = vec![1];\nprintln!(\"ran\");",
            *[f"all.push({n});" for n in range(2, 12)],
            "all",
        )
        shown = notebook.hear(first, "display_data")
        assert "12 %, about 5 min left (polars-core)" in shown["data"]["text/plain"], shown
        assert "2000 MB of memory are free" in shown["data"]["text/html"], shown
        building(percent=50, seconds_left=30)
        changed = notebook.hear(first, "update_display_data")
        assert "50 %, about 30 s left" in changed["data"]["text/plain"], changed
        assert changed["transient"] == shown["transient"]
        state("ready")
        notebook.hear(first, "clear_output")
        assert notebook.hear(first, "stream")["text"] == "ran\n"
        expected = str(list(range(1, 12)))
        assert notebook.hear(last, "execute_result")["data"]["text/plain"] == expected
        assert notebook.replied(first)["status"] == "ok"
        assert notebook.replied(last)["status"] == "ok"
        assert notebook.info() == before, "the notebook would be marked as changed"


def an_interrupt_ends_what_waits_and_the_next_cell_waits_again():
    building()
    with Notebook() as notebook:
        first, second = notebook.run("1", "2")
        notebook.hear(first, "display_data")
        notebook.manager.interrupt_kernel()
        assert notebook.hear(first, "error")["ename"] == "Interrupted"
        assert notebook.hear(second, "status")["execution_state"] == "idle"
        (third,) = notebook.run("1 + 2")
        notebook.hear(third, "display_data")
        state("ready")
        assert notebook.hear(third, "execute_result")["data"]["text/plain"] == "3"
        assert notebook.replied(third)["status"] == "ok"


def a_failed_build_is_said_with_its_fix_and_a_cell_asks_for_another_try():
    failure = {"what": "compiling the kernel failed", "tail": ["error: no space"],
               "fix": "the disk is full; free some space", "log": ".lab/logs/build.log"}
    retry = os.path.join(lab, "build.retry")
    building()
    with Notebook() as notebook:
        first, second = notebook.run("1", "2")
        notebook.hear(first, "display_data")
        building("failed", failure=failure)
        error = notebook.hear(first, "error")
        text = "\n".join(error["traceback"])
        for words in ("compiling the kernel failed", "error: no space", "Fix: the disk is full", "build.log"):
            assert words in text, text
        assert notebook.hear(second, "status")["execution_state"] == "idle"
        assert not os.path.exists(retry)
        (again,) = notebook.run("\"again\"")
        while not os.path.exists(retry):
            time.sleep(0.02)
        building()
        os.remove(retry)
        state("ready")
        assert notebook.hear(again, "execute_result")["data"]["text/plain"] == "\"again\""


def where_nothing_builds_the_command_that_would_is_named():
    state("compiling")
    with Notebook() as notebook:
        (cell,) = notebook.run("1")
        text = "\n".join(notebook.hear(cell, "error")["traceback"])
        assert "nothing builds it now" in text and "cargo lab" in text, text


def a_state_that_is_none_and_a_kernel_that_is_gone_are_no_kernel():
    building()
    with Notebook() as notebook:
        (cell,) = notebook.run("1")
        notebook.hear(cell, "display_data")
        for text in ("{\"x\": 1}", "[1]", "torn {"):
            with open(os.path.join(lab, "build.json"), "w") as file:
                file.write(text)
            assert notebook.info()["status"] == "ok", text
        gone = {"program": "/nonexistent/workbook", "rustc": "rustc 0.1.0"}
        state("ready", kernel=gone, percent=77)
        changed = notebook.hear(cell, "update_display_data")
        assert "77 %" in changed["data"]["text/plain"], changed
        state("ready")
        assert notebook.hear(cell, "execute_result")["data"]["text/plain"] == "1"


def what_front_ends_ask_of_every_kernel_is_answered_while_it_waits():
    building()
    with Notebook() as notebook:
        client = notebook.client
        assert client.complete("pri", reply=True, timeout=20)["content"]["matches"] == []
        assert client.inspect("pri", reply=True, timeout=20)["content"]["found"] is False
        assert client.comm_info(reply=True, timeout=20)["content"]["comms"] == {}
        assert client.history(reply=True, timeout=20)["content"]["history"] == []
        client.is_complete("1 +")
        assert client.get_shell_msg(timeout=20)["content"]["status"] == "unknown"
        notebook.run("1")
        notebook.manager.restart_kernel()
        client.wait_for_ready(timeout=60)


for test in (
    cells_wait_and_run_in_their_order_when_the_kernel_is_ready,
    an_interrupt_ends_what_waits_and_the_next_cell_waits_again,
    a_failed_build_is_said_with_its_fix_and_a_cell_asks_for_another_try,
    where_nothing_builds_the_command_that_would_is_named,
    a_state_that_is_none_and_a_kernel_that_is_gone_are_no_kernel,
    what_front_ends_ask_of_every_kernel_is_answered_while_it_waits,
):
    scenario(test)
