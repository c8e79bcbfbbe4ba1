"""Installing, repairing and removing what `catalog.toml` names. All of it is long work that can be cancelled.

Everything is made in a new folder beside what is there (`packages.place`) and takes its place at the very end, so that an installation
that fails or is cancelled leaves what was there before.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PenumbraError, SetupError, WriteError
from ..inference.progress import Progress, Work
from .apart import import_apart
from .catalog import Kind, Package, Wheel, size
from .pip import NotOfferedError, Pip
from .place import (
    FILES,
    SITE,
    Installed,
    alone,
    forget,
    installed,
    libraries_in,
    mark,
    new_folder,
    point_to,
    remove_leftovers,
    writing,
)
from .unpack import check_hash, link, refused, unpack

# Bytes that are left free beside what is needed.
_SPARE = 200_000_000
_CHUNK = 4 << 20

Manifest = dict[str, dict[str, str]]
"""SHA-256 of every installed file by its path, by the name of the wheel that it came in."""


@dataclass(slots=True)
class _Site:
    """A folder that is being filled. written: bytes of it so far, over all wheels, those to be downloaded included."""

    folder: Path
    package: Package
    manifest: Manifest = field(default_factory=dict)
    done: int = 0

    def progress(self, word: str, wheel: Wheel, part: int, whole: int) -> Progress:
        """How far it has come with one part of one wheel."""
        total = self.package.bytes + self.package.unpacked
        message = f"{word} {wheel.distribution}, {size(part)} of {size(whole)}"
        return Progress("install", min(total, self.done + min(part, whole)), total, message)


def install(folder: Path, choices: Sequence[Package]) -> Work[Installed]:
    """Install the first of `choices` that pip is offered, in place of what is there of its kind.

    Progress counts bytes, downloaded and unpacked ones together. Raises SetupError where nothing can be fetched or what was fetched cannot be
    imported here, WriteError where the disk refuses.
    """
    if not choices:
        raise SetupError("There is nothing to install for this machine.")
    with alone(folder):
        remove_leftovers(folder)
        for number, package in enumerate(choices, 1):
            try:
                return (yield from _install(folder, package, {}))
            except NotOfferedError:
                if number == len(choices):
                    raise
        raise AssertionError


def repair(folder: Path, kind: Kind, choices: Sequence[Package]) -> Work[list[str]]:
    """Look at every installed file of a kind, and install anew what is damaged; gives the paths of what was.

    choices: what may be installed on this machine; the one of the installed name and version is taken. Raises as `install`.
    """
    package = _expect(folder, kind)
    damaged = yield from verify(folder, kind)
    if not damaged:
        mark(folder, package, "")
        return []
    if not choices:
        raise SetupError(f"{package.label} is no longer offered for this machine: remove it instead.")
    wanted = [one for one in choices if (one.name, one.version) == (package.name, package.version)]
    with alone(folder):
        if wanted:
            whole = {
                wheel: hashes
                for wheel, hashes in _manifest(package, folder).items()
                if not any(place in damaged for place in hashes)
            }
            yield from _install(folder, wanted[0], whole)
        else:  # an older version of the add-on installed something else
            yield from _install(folder, choices[0], {})
    return damaged


def remove(folder: Path, kind: Kind) -> None:
    """Remove what is installed of a kind; what is in use goes when Blender is started again. Raises SetupError or WriteError."""
    with alone(folder), writing(folder):
        forget(folder, kind)
        remove_leftovers(folder)


def clean_up(folder: Path) -> None:
    """Delete what broken installations left behind, and what was in use when it was removed; not while another program installs."""
    with suppress(PenumbraError), alone(folder):
        remove_leftovers(folder)


def verify(folder: Path, kind: Kind) -> Work[list[str]]:
    """Hash every installed file of a kind and give the paths of those that are damaged or missing. Raises SetupError where none is installed.

    Where even the list of files is gone, that list's own name is given.
    """
    package = _expect(folder, kind)
    files = {place: digest for hashes in _manifest(package, folder).values() for place, digest in hashes.items()}
    if not files:
        return [FILES]
    damaged, done = [], 0
    for place, expected in files.items():
        digest = hashlib.sha256()
        with suppress(OSError), (package.site(folder) / place).open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                yield Progress("verify", min(done, package.bytes), package.bytes, f"Checking {package.label}")
        if digest.hexdigest() != expected or not (package.site(folder) / place).is_file():
            damaged.append(place)
    return damaged


def room_needed(package: Package) -> int:
    """Bytes that must be free: what is unpacked, and the largest wheel twice, since pip moves what it has fetched."""
    return package.unpacked + 2 * max(wheel.bytes for wheel in package.wheels) + _SPARE


def _install(folder: Path, package: Package, whole: Mapping[str, Mapping[str, str]]) -> Work[Installed]:
    """Install a package; wheels in `whole`, with their files' hashes, are taken over from what is installed."""
    _check_room(folder, package)
    old = installed(folder, package.kind)
    made = new_folder(folder, package.kind)
    try:
        yield from _fill(_Site(made, package), folder, old, whole)
        fresh = Installed(
            name=package.name,
            kind=package.kind,
            label=package.label,
            version=package.version,
            module=package.module,
            folder=made.name,
            bytes=sum(path.stat().st_size for path in (made / SITE).rglob("*") if path.is_file()),
            libraries=libraries_in(made / SITE),
        )
        reason = yield from import_apart(made / SITE, package.module, package.label)
        if reason:
            raise SetupError(  # noqa: TRY301 - what was made goes for this reason as for others
                f"{package.label} was fetched but cannot be loaded on this machine ({reason}), so nothing was changed."
                + (f" It needs: {package.needs}." if package.needs else "")
            )
        with writing(folder):
            point_to(folder, fresh)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    remove_leftovers(folder)
    return fresh


def _fill(site: _Site, folder: Path, old: Installed | None, whole: Mapping[str, Mapping[str, str]]) -> Work[None]:
    work = site.folder / "work"
    try:
        work.mkdir()
        pip = Pip(work)
        for wheel in site.package.wheels:
            kept = whole.get(wheel.file)
            if kept is not None and old is not None:
                link(dict(kept), old.site(folder), site.folder / SITE)
                site.manifest[wheel.file] = dict(kept)
                site.done += wheel.bytes + wheel.unpacked
                yield site.progress("Keeping", wheel, 0, wheel.bytes)
            else:
                yield from _add(site, pip, wheel)
        (site.folder / FILES).write_text(json.dumps(site.manifest), "utf-8")
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise refused(error, site.folder) from error


def _add(site: _Site, pip: Pip, wheel: Wheel) -> Work[None]:
    """Fetch, check and unpack one wheel."""
    with closing(pip.fetch(wheel)) as received:  # closing it ends pip, on whatever thread this is
        for count in received:
            yield site.progress("Downloading", wheel, count, wheel.bytes)
    site.done += wheel.bytes
    path = pip.path(wheel)
    for _ in check_hash(path, wheel.sha256):
        yield site.progress("Checking", wheel, 0, wheel.unpacked)
    hashes: dict[str, str] = {}
    for count in unpack(path, site.folder / SITE, hashes):
        yield site.progress("Unpacking", wheel, count, wheel.unpacked)
    site.manifest[wheel.file] = hashes
    site.done += wheel.unpacked
    path.unlink()


def _check_room(folder: Path, package: Package) -> None:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free, needed = shutil.disk_usage(there).free, room_needed(package)
    if free < needed:
        raise WriteError(
            f"{package.label} needs {size(needed)} of free space while it is installed, and the disk with {folder} has {size(free)}. "
            "Free some space, then install again."
        )


def _expect(folder: Path, kind: Kind) -> Installed:
    package = installed(folder, kind)
    if package is None:
        raise SetupError("This package is not installed: press its Install button instead.")
    return package


def _manifest(package: Installed, folder: Path) -> Manifest:
    try:
        return json.loads((folder / package.folder / FILES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
