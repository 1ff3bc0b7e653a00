"""Decompression with a maximum size, in place of aiokafka's own, which has none.

The broker checks a batch by its compressed size: two kilobytes of zstd may hold 64 MiB of zeros, and one record of the
largest size some 60 GiB. A reader must not unpack that.
"""

import struct
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Final

import cramjam
from aiokafka import codec
from aiokafka.record import _crecords, default_records, legacy_records

MAX_UNPACKED_BYTES: Final = 32 * 1024 * 1024
"""Far above what any client packs into a batch (1 MiB here, 16 KiB in Java's default), far below what hurts."""

_FIRST_GUESS: Final = 64 * 1024
_USUAL_RATIO: Final = 32
_GROWTH: Final = 8
_GZIP: Final = 16 + zlib.MAX_WBITS
_XERIAL: Final = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES: Final = 16


class UnpackingRefused(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """A batch cannot be unpacked: its bytes do not belong to its codec, or they exceed the maximum."""


def gzip_decode(payload: bytes) -> bytes:
    """Unpack one or more gzip members."""
    unpacked, rest = bytearray(), bytes(payload)
    while rest:
        member = zlib.decompressobj(_GZIP)
        try:
            unpacked += member.decompress(rest, MAX_UNPACKED_BYTES + 1 - len(unpacked))
        except zlib.error:
            if unpacked and not rest.startswith(b"\x1f\x8b"):
                break  # what follows the last member is no member; Java's reader stops there too
            raise UnpackingRefused("the batch is not gzip") from None
        if len(unpacked) > MAX_UNPACKED_BYTES:
            raise _too_much()
        if not member.eof:
            raise UnpackingRefused("the batch is gzip cut short")
        rest = member.unused_data
    return bytes(unpacked)


def snappy_decode(payload: bytes) -> bytes:
    """Unpack raw snappy, or the blocks that Java's library frames it in."""
    packed = bytes(payload)
    if not packed.startswith(_XERIAL):
        return _snappy_block(packed, room=MAX_UNPACKED_BYTES)
    unpacked, at = bytearray(), _XERIAL_HEADER_BYTES
    while at < len(packed):
        if packed.startswith(_XERIAL, at):  # streams written one after the other
            at += _XERIAL_HEADER_BYTES
            continue
        if at + 4 > len(packed):
            raise UnpackingRefused("the batch is snappy cut short")
        (size,) = struct.unpack_from("!i", packed, at)
        if size < 0 or at + 4 + size > len(packed):
            raise UnpackingRefused("the batch is not snappy")
        unpacked += _snappy_block(packed[at + 4 : at + 4 + size], room=MAX_UNPACKED_BYTES - len(unpacked))
        at += 4 + size
    return bytes(unpacked)


def lz4_decode(payload: bytes) -> bytes:
    """Unpack lz4 frames."""
    return _into_growing_room(cramjam.lz4.decompress_into, bytes(payload), name="lz4")


def zstd_decode(payload: bytes) -> bytes:
    """Unpack zstd frames."""
    packed = bytes(payload)
    return _into_growing_room(
        cramjam.zstd.decompress_into, packed, name="zstd", expected=_announced_size(packed)
    )


def install() -> None:
    """Make every aiokafka consumer of this process unpack with these functions; may be called repeatedly."""
    modules: tuple[ModuleType, ...] = (
        codec,
        default_records,
        legacy_records,
        _crecords.default_records,
        _crecords.legacy_records,
    )
    for module in modules:
        for decode in (gzip_decode, snappy_decode, lz4_decode, zstd_decode):
            if hasattr(module, decode.__name__):
                setattr(module, decode.__name__, decode)


def _snappy_block(block: bytes, *, room: int) -> bytes:
    try:
        if cramjam.snappy.decompress_raw_len(block) > room:
            raise _too_much()
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError:
        raise UnpackingRefused("the batch is not snappy") from None


def _announced_size(packed: bytes) -> int:
    """What a zstd frame says of its unpacked size (RFC 8878 section 3.1.1.1); 0 if nothing, as Java's frames."""
    flags = int.from_bytes(packed[4:5], "little")
    single, width = flags & 0x20, 1 << (flags >> 6)
    if width == 1 and not single:
        return 0
    start = (5 if single else 6) + (0, 1, 2, 4)[flags & 3]
    return int.from_bytes(packed[start : start + width], "little") + (256 if width == 2 else 0)  # noqa: PLR2004 - as the RFC has it


def _into_growing_room(
    unpack: Callable[[bytes, bytearray], int], packed: bytes, *, name: str, expected: int = 0
) -> bytes:
    """Unpack into a room of the expected size or one that nearly always suffices, then into larger ones, up to the maximum.

    Room costs: it is filled with zeros first.
    """
    room = max(_FIRST_GUESS, expected or _USUAL_RATIO * len(packed))
    while True:
        room = min(room, MAX_UNPACKED_BYTES)
        unpacked = bytearray(room)
        try:
            return bytes(memoryview(unpacked)[: unpack(packed, unpacked)])
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):  # not for want of room
                raise UnpackingRefused(f"the batch is not {name}") from None
        if room == MAX_UNPACKED_BYTES:
            raise _too_much()
        room *= _GROWTH


def _too_much() -> UnpackingRefused:
    return UnpackingRefused(f"the batch holds more than {MAX_UNPACKED_BYTES} bytes once it is unpacked")
