"""The kernel of a notebook while the real one is still being built.

It answers what Jupyter asks of every kernel, holds the cells that are run, and shows
in the first of them how far the build is. When the kernel is ready, this process
becomes it and hands the held cells over. If the build fails, the cells end with an
error that says why and how to fix it.

Arguments: the connection file, the project folder, the name of the file that asks
for another try, and the answer to kernel_info_request as JSON.
"""
import fcntl
import html
import json
import os
import signal
import sys
import time

import zmq
from jupyter_client.session import Session

connection_file, root, retry, kernel_info = sys.argv[1:]
lab = os.path.join(root, ".lab")
with open(connection_file) as file:
    connection = json.load(file)
session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
context = zmq.Context()


def bound(kind, port):
    socket = context.socket(kind)
    socket.linger = 2000
    socket.bind(f"{connection['transport']}://{connection['ip']}:{connection[port]}")
    return socket


shell = bound(zmq.ROUTER, "shell_port")
control = bound(zmq.ROUTER, "control_port")
stdin = bound(zmq.ROUTER, "stdin_port")
iopub = bound(zmq.PUB, "iopub_port")
heartbeat = bound(zmq.REP, "hb_port")

# The execute requests that wait, with their frames as they came.
held = []
# What the first of them shows now.
shown = None


def publish(kind, content, parent):
    session.send(iopub, kind, content, parent=parent, ident=kind.encode())


def build_state():
    """The state of the build as `cargo lab` writes it; None where there is none."""
    try:
        with open(os.path.join(lab, "build.json")) as file:
            state = json.load(file)
        wanted = ("phase", "now", "percent", "seconds_left", "notice", "failure", "kernel")
        return state if all(key in state for key in wanted) else None
    except (OSError, ValueError, TypeError):
        return None


def is_building():
    """Whether `cargo lab` holds the lock of the build."""
    try:
        with open(os.path.join(lab, "build.lock")) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def duration(seconds):
    return f"{max(seconds, 1)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def show(state):
    """Shows how far the build is, in the first cell that waits."""
    global shown
    left = state["seconds_left"]
    left = "" if left is None else f", about {duration(left)} left"
    text = f"The kernel is still being built: {state['percent']} %{left} ({state['now']})."
    then = "This cell runs as soon as it is ready; read on meanwhile."
    if shown == text:
        return
    notice = f"<div>{html.escape(state['notice'])}</div>" if state["notice"] else ""
    markup = (
        f"<div role='status'><progress max='100' value='{state['percent']}' "
        f"aria-label='Build of the kernel'></progress> {html.escape(text)}<br>{then}{notice}</div>"
    )
    content = {
        "data": {"text/plain": f"{text}\n{then}", "text/html": markup},
        "metadata": {},
        "transient": {"display_id": "build"},
    }
    kind = "display_data" if shown is None else "update_display_data"
    publish(kind, content, held[0][0])
    shown = text


def fail(name, value, lines):
    """Ends every held cell with an error."""
    global held, shown
    first, *rest = held
    held, shown = [], None
    error = {"ename": name, "evalue": value, "traceback": lines}
    publish("clear_output", {"wait": False}, first[0])
    publish("error", error, first[0])
    reply(shell, first[0], first[1], "execute_reply", {"status": "error", "execution_count": 0, **error})
    for message, identities, _ in rest:
        aborted = {"status": "aborted", "execution_count": 0}
        reply(shell, message, identities, "execute_reply", aborted)
    for message, _, _ in [first, *rest]:
        publish("status", {"execution_state": "idle"}, message)


def reply(socket, message, identities, kind, content):
    session.send(socket, kind, content, parent=message, ident=identities)


def become(program):
    """Hands the held cells over and becomes the kernel, on the same addresses."""
    frames = [[frame.hex() for frame in frames] for _, _, frames in held]
    path = os.path.join(lab, f"held-{os.getpid()}.json")
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(frames, file)
    except OSError as error:
        if held:
            lines = [f"The cells that waited cannot be handed over: {error}",
                     "Fix: free some disk space, then run the cells again."]
            fail("KernelNotBuilt", lines[0], lines)
        return
    if held:
        publish("clear_output", {"wait": False}, held[0][0])
    for socket in (shell, control, stdin, iopub, heartbeat):
        socket.close()
    context.term()
    os.execv(program, [program, "kernel", "--connection-file", connection_file, "--held", path])


def answer(socket):
    """Answers one request; returns whether the notebook goes on."""
    frames = socket.recv_multipart()
    try:
        identities, parts = session.feed_identities(frames)
        message = session.deserialize(parts)
    except ValueError as error:
        print(f"refused: {error}", file=sys.stderr)
        return True
    kind = message["msg_type"]
    publish("status", {"execution_state": "busy"}, message)
    if kind == "execute_request" and socket is shell:
        # A reader who runs a cell after a failure has fixed something, perhaps.
        state = build_state()
        if state and state["phase"] == "failed" and is_building():
            try:
                open(os.path.join(lab, retry), "w").close()
                wait_for_retry()
            except OSError as error:  # a full disk, perhaps: the failure is shown again
                print(f"cannot ask for another try: {error}", file=sys.stderr)
        held.append((message, identities, frames))
        return True  # busy, until it has run
    elif kind == "kernel_info_request":
        reply(socket, message, identities, "kernel_info_reply", json.loads(kernel_info))
    elif kind == "shutdown_request":
        content = {"status": "ok", "restart": message["content"].get("restart", False)}
        reply(socket, message, identities, "shutdown_reply", content)
        publish("status", {"execution_state": "idle"}, message)
        return False
    elif kind == "interrupt_request":
        if held:
            lines = ["Interrupted before it ran: the kernel is still being built."]
            fail("Interrupted", lines[0], lines)
        reply(socket, message, identities, "interrupt_reply", {"status": "ok"})
    elif kind == "is_complete_request":
        reply(socket, message, identities, "is_complete_reply", {"status": "unknown"})
    elif kind == "complete_request":
        cursor = message["content"].get("cursor_pos", 0)
        content = {"status": "ok", "matches": [], "cursor_start": cursor, "cursor_end": cursor}
        reply(socket, message, identities, "complete_reply", {**content, "metadata": {}})
    elif kind == "inspect_request":
        content = {"status": "ok", "found": False, "data": {}, "metadata": {}}
        reply(socket, message, identities, "inspect_reply", content)
    elif kind == "history_request":
        reply(socket, message, identities, "history_reply", {"status": "ok", "history": []})
    elif kind == "comm_info_request":
        reply(socket, message, identities, "comm_info_reply", {"status": "ok", "comms": {}})
    publish("status", {"execution_state": "idle"}, message)
    return True


def wait_for_retry():
    """Waits until `cargo lab` has begun again, or two seconds."""
    for _ in range(20):
        state = build_state()
        if state and state["phase"] != "failed":
            return
        time.sleep(0.1)


def follow():
    """Follows the build: becomes the kernel, shows how far it is, or ends the cells."""
    state = build_state()
    program = (state or {}).get("kernel") and state["kernel"].get("program")
    if program and state["phase"] == "ready" and os.access(program, os.X_OK):
        become(program)
    if not held:
        return
    if not is_building():
        fix = "Run `cargo lab` in the project folder; it continues where it was."
        fail("KernelNotBuilt", "the kernel is not built, and nothing builds it now",
             ["The kernel is not built, and nothing builds it now.", fix])
    elif state and state["phase"] == "failed":
        failure = state["failure"]
        lines = [f"The kernel could not be built: {failure['what']}", *failure["tail"],
                 f"Fix: {failure['fix']}",
                 f"Then run this cell again to continue the build. Its log: {failure['log']}"]
        fail("KernelNotBuilt", failure["what"], lines)
    elif state:
        show(state)


# Ctrl-C in the terminal of JupyterLab is Jupyter's to answer.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
parent = os.getppid()
poller = zmq.Poller()
for socket in (shell, control, stdin, heartbeat):
    poller.register(socket, zmq.POLLIN)
looked = 0
while os.getppid() == parent:
    for socket, _ in poller.poll(250):
        if socket is heartbeat:
            heartbeat.send(heartbeat.recv())
        elif socket is stdin:
            stdin.recv_multipart()
        elif not answer(socket):
            sys.exit(0)
    if time.monotonic() - looked > 0.5:
        follow()
        looked = time.monotonic()
