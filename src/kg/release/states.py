"""The two sides of a comparison: a project, a release, a folder of RDF, a dump, or a git revision of this project."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
import tempfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.build import build
from kg.release.dumps import WHOLE, rename_blank_nodes

FORMATS: Final = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".trig": ox.RdfFormat.TRIG,
    ".ttl": ox.RdfFormat.TURTLE,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
}
FOLDERS: Final = ("ontology", "data")
_DUMP: Final = f"{WHOLE}.nq.gz"
_ROOT: Final = ox.NamedNode("urn:kg:root")
_GZIP: Final = ".gz"
_RANGE: Final = ".."


def side_names(old: str, new: str | None, project: Path) -> tuple[str, str]:
    """Return the names of both sides; `REV1..REV2` names two, and one alone is compared with the project as it is."""
    if new is not None:
        return old, new
    first, dots, second = old.partition(_RANGE)
    if dots and first and not Path(old).exists():
        return first, second or str(project)
    return old, str(project)


def load_side(name: str, project: Path) -> list[ox.Quad]:
    """Return the statements of one side, each blank node named by what is said of it.

    Arguments:
        name: a folder, a dump, or, where no such path exists, a git revision.
        project: the checkout whose revisions are meant.

    Raises:
        SourceError: there is no such thing, or it cannot be read.

    """
    path = Path(name)
    quads = read_path(path) if path.exists() else read_revision(name, project)
    return name_blank_nodes(quads)


def read_path(path: Path) -> list[ox.Quad]:
    """Return the statements of a project (built), a release, a folder of RDF files, or a dump.

    Raises:
        SourceError: it holds no RDF, or broken RDF.

    """
    if path.is_file():
        return read_dump(path)
    if all((path / name).is_dir() for name in FOLDERS):
        return list(build(path).store)
    if (path / _DUMP).is_file():
        return read_dump(path / _DUMP)
    files = sorted(file for file in path.rglob("*") if file.is_file() and _suffix(file) in FORMATS)
    if not files:
        raise SourceError("no RDF in it", where=str(path), hint="name a project, a release, or a folder with RDF files")
    return [quad for file in files for quad in _apart(read_dump(file), file)]


def read_dump(path: Path) -> list[ox.Quad]:
    """Return the statements of one RDF file, compressed or not.

    Raises:
        SourceError: its name has no known suffix, or it is broken; with line and column where they are known.

    """
    form = FORMATS.get(_suffix(path))
    if form is None:
        known = " ".join(FORMATS)
        raise SourceError(
            "not known as RDF", where=str(path), hint=f"its name must end in one of {known}, or these .gz"
        )
    try:
        data = path.read_bytes()
        data = (gzip.decompress(data) if path.suffix == _GZIP else data).removeprefix(BOM_UTF8)
        return list(ox.parse(data, format=form, base_iri=path.absolute().as_uri()))
    except SyntaxError as error:
        raise SourceError(error.msg, where=str(path), line=error.lineno, column=error.offset, hint="mend it") from error
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(str(error), where=str(path), hint="check the file and its rights") from error


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(_GZIP)).suffix


def read_revision(revision: str, project: Path) -> list[ox.Quad]:
    """Return the statements of the project as it was at a git revision.

    Raises:
        SourceError: no such revision, no git, or the project of that revision cannot be built.

    """
    wanted = f"{revision}^{{commit}}"
    hint = f"name a path that exists, or a revision of {project}"
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    if commit is None:
        raise SourceError("no such file, folder or revision", where=revision, hint=hint)
    archive = _git(project, "archive", "--format=tar", commit.decode().strip(), *FOLDERS)
    if archive is None:
        raise SourceError("this revision has no ontology/ and data/", where=revision, hint="name a later one")
    with tempfile.TemporaryDirectory(prefix="kg-diff-") as folder:
        _unpack(archive, Path(folder))
        try:
            return list(build(Path(folder)).store)
        except SourceError as error:
            error.where = error.where.replace(folder, revision)
            raise SourceError(
                error.what, where=error.where, line=error.line, column=error.column, hint=error.hint
            ) from error


def _git(project: Path, *arguments: str) -> bytes | None:
    """Return what git prints, or None where it fails."""
    try:
        run = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError as error:
        raise SourceError("git is not installed", where=str(project), hint="install git, or name folders") from error
    return run.stdout if run.returncode == 0 else None


def _unpack(archive: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(stream.read())


def _apart(quads: Iterable[ox.Quad], file: Path) -> Iterator[ox.Quad]:
    """Yield quads whose blank nodes are those of this file alone."""
    own = hashlib.sha256(str(file).encode()).hexdigest()[:12]
    return rename_blank_nodes(quads, lambda label: f"{own}{label}")


def name_blank_nodes(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return quads in which each blank node is named after the RDFC-1.0 form of all that hangs from it.

    Equal descriptions get equal names on both sides, whatever the labels were and whatever else is said.
    """
    quads = list(quads)
    said: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.BlankNode):
            said.setdefault(quad.subject.value, []).append(quad)
    used = said.keys() | {quad.object.value for quad in quads if isinstance(quad.object, ox.BlankNode)}
    names = {label: _digest(label, said) for label in used}
    return list(rename_blank_nodes(quads, lambda label: names.get(label, label))) if names else quads


def _digest(label: str, said: dict[str, list[ox.Quad]]) -> str:
    hanging, waiting = {label}, [label]
    dataset = ox.Dataset([ox.Quad(_ROOT, _ROOT, ox.BlankNode(label))])
    while waiting:
        for quad in said.get(waiting.pop(), []):
            dataset.add(quad)
            if isinstance(quad.object, ox.BlankNode) and quad.object.value not in hanging:
                hanging.add(quad.object.value)
                waiting.append(quad.object.value)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return "b" + hashlib.sha256("\n".join(sorted(map(str, dataset))).encode()).hexdigest()[:16]
