"""A real Blender with a display server, as a Debian root: what the tests with a window run in.

    python tools/blender_root.py trixie [DIR]         make one with Blender 4.3 (about a minute, 1.5 GB)
    python tools/blender_root.py sid [DIR]            the same with Debian's newest Blender
    python tools/blender_root.py enter DIR COMMAND... run COMMAND inside

Needs root on Debian or a system made from it. DIR is a folder of its own; by default one in the user's cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

SUITES = ("trixie", "sid")
_PACKAGES = (
    # Blender and the Python modules that it takes from the system
    *("blender", "python3-numpy", "python3-requests", "python3-zstandard", "python3-cattr"),
    # OpenGL in software
    *("libegl1", "libgles2", "libgl1", "libgl1-mesa-dri", "libglx-mesa0", "libegl-mesa0"),
    # a display server, and pictures of it
    *("xvfb", "xauth", "xdotool", "x11-apps", "imagemagick", "procps"),
)
# `unshare` gives the command its own mounts and processes, which the system ends with it, however it ends. The shell
# stays as their first process: Xvfb does not tell a first process that it is ready, and xvfb-run would wait for ever.
_ENTER = """
mount --types proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --rbind --read-only /sys "$0/sys" || exit
chroot "$0" "$@"
exit
"""


class RootError(Exception):
    """The root cannot be made or used; the message says what to do."""


def default_folder(suite: str) -> Path:
    """Where the root of `suite` lies when nobody says otherwise."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "penumbra" / f"blender-{suite}"


def make(suite: str, folder: Path) -> None:
    """Make the root of `suite` at `folder`, which must not exist. Raises RootError."""
    _check_host()
    if folder.exists():
        raise RootError(f"{folder} is already there. Delete it first, or name another folder.")
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("debootstrap") is None:
        _run(["apt-get", "update", "-q"])
        _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "debootstrap"])
    _run(["debootstrap", "--variant=minbase", suite, str(partial)])
    shutil.copy("/etc/resolv.conf", partial / "etc" / "resolv.conf")
    if suite == "sid":  # its package lists may be older than they say they may become
        (partial / "etc/apt/apt.conf.d/99check-valid-until").write_text('Acquire::Check-Valid-Until "false";\n')
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    _run(entering(partial, ["apt-get", "update", "-q"]), quiet)
    _run(entering(partial, ["apt-get", "install", "-y", "-q", "--no-install-recommends", *_PACKAGES]), quiet)
    _run(entering(partial, ["apt-get", "clean"]), quiet)
    partial.rename(folder)


def enter(folder: Path, command: Sequence[str]) -> int:
    """Run `command` inside the root at `folder` and give its exit code. Raises RootError."""
    _check_user()
    if not command:
        raise RootError("Say which command to run inside.")
    if not (folder / "usr/bin/blender").exists():
        raise RootError(f"No Blender lies in {folder}. Make it first, see --help.")
    return subprocess.run(entering(folder, command), check=False).returncode


def entering(folder: Path, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` inside the root at `folder`, with proc, dev and sys there while it runs."""
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return [*apart, "sh", "-c", _ENTER, str(folder.resolve()), *command]


def _check_host() -> None:
    if not Path("/etc/debian_version").exists():
        raise RootError("Making a Debian root needs Debian, or a system made from it, such as Ubuntu.")
    _check_user()


def _check_user() -> None:
    if os.geteuid() != 0:
        raise RootError("A Debian root can be made and entered by root only. Run this as root or with sudo.")


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    try:
        subprocess.run(command, check=True, env=environment)
    except subprocess.CalledProcessError as error:
        raise RootError(f"{Path(command[0]).name} failed with exit code {error.returncode}; see above.") from error


def main(argv: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parser = argparse.ArgumentParser(description="A real Blender with a display server, as a Debian root.")
    actions = parser.add_subparsers(dest="action", required=True)
    for suite in SUITES:
        action = actions.add_parser(suite, help=f"make a root of Debian {suite}")
        action.add_argument("folder", metavar="DIR", type=Path, nargs="?", default=default_folder(suite))
    action = actions.add_parser("enter", help="run a command inside a root")
    action.add_argument("folder", metavar="DIR", type=Path)
    action.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)
    arguments = parser.parse_args(argv)
    try:
        if arguments.action == "enter":
            return enter(arguments.folder, arguments.command)
        make(arguments.action, arguments.folder)
    except RootError as error:
        print(f"blender_root: {error}", file=sys.stderr)
        return 1
    print(f"Blender is in {arguments.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
