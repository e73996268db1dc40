"""An ordinary user without rights, for programs that must run as one: when the tests run as root, an account that only
a mount namespace of the program knows; otherwise the user that runs them."""
import getpass
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import lab

UID = 64123  # of nobody here
# Terminals as Debian mounts them, of the group tty: without any right sshd could not hand one to that group.
PTS = "mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts; mount --bind /dev/pts/ptmx /dev/ptmx"


class NoRight(Exception):
    """Such an account is not to be had here."""


class Account:
    """name, home (with a directory of its own around it that others may read), and programs run as it."""

    def __init__(self, name="starling", shell="/bin/sh", mounts=""):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="starling-", dir="/tmp"))
        self.dir.chmod(0o755)
        self.home = self.dir / "home"
        self.home.mkdir(mode=0o700)
        self.name, self.mounts = name, mounts
        if os.geteuid() != 0:
            self.name = getpass.getuser()
            if shell != "/bin/sh" and pwd.getpwnam(self.name).pw_shell != shell or mounts:
                raise NoRight("an account of its own can be had by root only")
            return
        own = [l for l in pathlib.Path("/etc/passwd").read_text().splitlines() if not l.startswith(f"{name}:")]
        (self.dir / "passwd").write_text("\n".join(own) + f"\n{name}:x:{UID}:{UID}::{self.home}:{shell}\n")
        os.chown(self.home, UID, UID)
        if self.run("id", "-un").stdout != f"{name}\n":
            raise NoRight("no mount namespace, or no right to become another user")

    def argv(self, *words):
        if os.geteuid() != 0:
            return list(words)
        enter = f'mount --bind "$1" /etc/passwd; {PTS}; {self.mounts or ":"}; shift; exec "$@"'
        return ["unshare", "-m", "--", "sh", "-ec", enter, "sh", self.dir / "passwd", "setpriv", f"--reuid={UID}", f"--regid={UID}",
                "--clear-groups", "--bounding-set=-all", "--", *words]

    def env(self, **more):
        return dict(PATH=os.environ["PATH"], HOME=str(self.home), USER=self.name, **more)

    def run(self, *words):
        return subprocess.run([str(w) for w in self.argv(*words)], env=self.env(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, cwd="/")

    def spawn(self, *words, **kw):
        return lab.spawn(self.argv(*words), env=self.env(), **kw)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def install(prefix):
    """make install into a directory of its own, which the account may read, whoever owns the tree."""
    subprocess.run(["make", "-s", "install", f"prefix={prefix}"], cwd=lab.TOP, check=True)
    subprocess.run(["chmod", "-R", "a+rX", str(prefix)], check=True)
