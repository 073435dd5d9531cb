"""
Files from which the fuzzers start: ``make_seeds.py DIRECTORY`` writes them to one folder for each
fuzzer. This uses the installed package, NumPy, and the modules for compression of Python.
"""

import io
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


def make_block(dtype: str = "f8", n_samples: int = 2, n_components: int = 0) -> TensorBlock:
    """A block with values 0, 1, ..."""
    components = [Labels.range(f"c{i}", 2) for i in range(n_components)]
    shape = (n_samples, *(len(component) for component in components), 3)
    return TensorBlock(
        np.arange(np.prod(shape)).reshape(shape).astype(dtype),
        Labels(["s", "t"], np.array([[i, -i] for i in range(n_samples)], np.int32).reshape(-1, 2)),
        components,
        Labels.range("p", 3),
    )


def make_gradient(level: int) -> TensorBlock:
    """A gradient of the blocks above, with this many levels of gradients inside"""
    gradient = TensorBlock(
        np.ones((1, 2, 3)),
        Labels(["sample", "atom"], np.array([[0, level]], np.int32)),
        [Labels.range("xyz", 2)],
        Labels.range("p", 3),
    )
    if level > 0:
        gradient.add_gradient(f"g{level}", make_gradient(level - 1))
    return gradient


def make_tensors() -> dict[str, TensorMap]:
    """Tensor maps that have, together, everything that a file can contain"""
    with_gradients = make_block(n_samples=1)
    with_gradients.add_gradient("positions", make_gradient(2))
    with_gradients.add_gradient("cell", make_gradient(0))
    full = TensorMap(Labels.range("key", 1), [with_gradients])
    full.set_info("name", 'text with "quotes"\n\t\u00e9\U0001f600')
    full.set_info("other", "")
    return {
        "empty": TensorMap(Labels(["key"], np.empty((0, 1), np.int32)), []),
        "simple": TensorMap(Labels.range("key", 2), [make_block("f4"), make_block("f4", 0)]),
        "full": full,
    }


def rewrite(
    archive: bytes, compression: int, directory_entries: bool = False, comment: bytes = b""
) -> bytes:
    """The same members, as written by Python"""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as members,
        zipfile.ZipFile(output, "w", compression) as rewritten,
    ):
        rewritten.comment = comment
        for i, name in enumerate(members.namelist()):
            if directory_entries:
                rewritten.writestr(f"folder-{i}/", b"")
            with rewritten.open(name, "w", force_zip64=i % 2 == 1) as member:
                member.write(members.read(name))
    return output.getvalue()


def make_archives() -> dict[str, bytes]:
    """Archives with blocks and tensor maps"""
    originals = {name: bytes(tensor.save_buffer()) for name, tensor in make_tensors().items()}
    for dtype in DTYPES:
        originals[f"block-{np.dtype(dtype).name}"] = bytes(make_block(dtype).save_buffer())
    originals["block-components"] = bytes(make_block(n_components=2).save_buffer())

    archives = dict(originals)
    for name in ["empty", "simple", "full", "block-components"]:
        archives[f"{name}-stored"] = rewrite(originals[name], zipfile.ZIP_STORED)
        archives[f"{name}-deflated"] = rewrite(
            originals[name], zipfile.ZIP_DEFLATED, directory_entries=True, comment=b"a comment"
        )
        archives[f"{name}-prefix"] = b"something before the archive" + originals[name]
    with_numpy = io.BytesIO()
    metatensor.io.save(with_numpy, make_tensors()["full"], use_numpy=True)
    archives["full-numpy"] = with_numpy.getvalue()
    return archives


def make_npy() -> dict[str, bytes]:
    """Labels, and arrays that can be the values of a block with shape (2, 2) or (2, 2, 2)"""
    files = {}
    for size in range(3):
        names = [f"dimension_{i}" for i in range(size)]
        count = 4 if size > 0 else 0
        values = np.arange(count * size, dtype=np.int32).reshape(count, size)
        files[f"labels-{size}"] = bytes(Labels(names, values).save_buffer())

    arrays = {dtype: np.arange(8).reshape(2, 2, 2).astype(dtype) for dtype in DTYPES}
    arrays["big-endian"] = np.arange(4.0).reshape(2, 2).astype(">f8")
    arrays["big-endian-labels"] = np.zeros(1, [("a", ">i4"), ("b", ">i4")])
    arrays["fortran"] = np.asfortranarray(np.arange(4.0).reshape(2, 2))
    for name, array in arrays.items():
        for version in [(1, 0), (2, 0), (3, 0)]:
            output = io.BytesIO()
            np.lib.format.write_array(output, array, version)
            files[f"{name.replace('?', 'bool')}-v{version[0]}"] = output.getvalue()
    return files


def make_info() -> dict[str, bytes]:
    """What can be in ``info.json``, and things that can not"""
    texts = [
        "{}",
        '{"a": "b"}',
        '{"a": "b", "a": "c", "d": "\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/"}',
        '{"a": 1}',
        '{"a": {"b": "c"}}',
        "[" * 100,
        "[1e400, -0.0, true, null]",
        '"\\ud800"',
    ]
    return {f"info-{i}": text.encode() for i, text in enumerate(texts)}


def make_deflate() -> dict[str, bytes]:
    """DEFLATE data with all kinds of blocks"""
    contents = {
        "empty": b"",
        "zeros": bytes(100_000),
        "text": b"samples components properties gradients " * 50,
        "bytes": bytes(range(256)) * 4,
        "archive": bytes(make_tensors()["full"].save_buffer()),
    }
    strategies = {
        "stored": (0, zlib.Z_DEFAULT_STRATEGY),
        "fixed": (9, zlib.Z_FIXED),
        "dynamic": (9, zlib.Z_DEFAULT_STRATEGY),
        "huffman": (9, zlib.Z_HUFFMAN_ONLY),
    }
    files = {}
    for content_name, content in contents.items():
        for name, (level, strategy) in strategies.items():
            compressor = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
            half = len(content) // 2
            data = compressor.compress(content[:half]) + compressor.flush(zlib.Z_FULL_FLUSH)
            data += compressor.compress(content[half:]) + compressor.flush()
            if len(data) < 10_000:
                files[f"{content_name}-{name}"] = data
    return files


def main(directory: Path) -> None:
    archives = make_archives()
    npy = make_npy()
    seeds = {
        "load_bytes": {**archives, **npy},
        "load_archive": archives,
        "load_files": archives,
        "load_npy": npy,
        "load_info": make_info(),
        "inflate": make_deflate(),
    }
    for fuzzer, files in seeds.items():
        folder = directory / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
