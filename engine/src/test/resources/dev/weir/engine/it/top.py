import pty, select, signal, subprocess, termios

script, java_home, socket, end = args
master, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(terminal)
env = {"PATH": os.environ["PATH"], "JAVA_HOME": java_home, "WEIR_SOCKET": socket}


def own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


top = subprocess.Popen(
    [script, "top", "--interval=0.3"], stdin=terminal, stdout=terminal, stderr=terminal, env=env, preexec_fn=own_terminal
)
shown = b""
asked = False
deadline = time.time() + 40
while time.time() < deadline:
    readable = select.select([master], [], [], 0.1)[0]
    if readable:
        shown += os.read(master, 65536)
    elif top.poll() is not None:
        break
    if not asked and shown.count(b"TOTAL") >= 3:
        asked = True
        assert termios.tcgetattr(terminal) != before, "keys come at once"
        if end == "q":
            os.write(master, b"\x1b[B\x1b[Asq")
        elif end == "ctrl-c":
            os.write(master, b"\x03")
        elif end == "terminate":
            top.send_signal(signal.SIGTERM)
        else:
            subprocess.run([script, "stop"], env=env, check=True, stdin=subprocess.DEVNULL)
top.kill()
status = top.wait()

assert asked, shown
assert status == (1 if end == "stop" else 0), (status, shown)
assert termios.tcgetattr(terminal) == before, "the terminal is as it was"
entered, left = b"\x1b[?1049h", b"\x1b[?25h\x1b[?1049l"
assert shown.startswith(entered) and shown.count(left) == 1, shown
after = shown[shown.index(left) + len(left) :].decode()
expected = "weir: the daemon on '%s' has ended\r\n" % socket if end == "stop" else ""
assert after == expected, after
frame = shown.split(b"\x1b[H")[1].decode()
for escape in ("\x1b[K", "\x1b[J", "\x1b[7m", "\x1b[0m"):
    frame = frame.replace(escape, "")
lines = frame.replace("\r", "").split("\n")
assert len(lines) == 4 and max(map(len, lines)) == 80, lines
assert lines[0].startswith("weir top: 1 export, by activity"), lines
assert lines[2].startswith("disk "), lines
