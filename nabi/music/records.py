"""The TFRecord schema of datasets: a window <-> a serialized tf.train.Example, and the framing of record files.

TensorFlow is not needed: the Example message is declared here from its public definition, and `tf.io.parse_example`
reads what it serializes. A trainer takes names, types and shapes from `FEATURES`.
"""

import dataclasses
import struct
from collections.abc import Iterable, Iterator
from typing import IO, Any

import google_crc32c
import numpy as np
import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

# Feature -> its type in tf.train.Example; `tokens` has window + 1 values, the others one.
FEATURES = {"tokens": "int64", "song": "bytes", "start": "int64", "transpose": "int64"}


@dataclasses.dataclass(frozen=True, eq=False)
class Window:
    """Consecutive token ids of one song.

    Attributes:
      tokens: int64 [window + 1].
      song: the name of the song (`nabi.music.song_id.SongId`).
      start: index of the first token among the song's ids.
      transpose: semitones by which the song was transposed; 0 unless augmented.
    """

    tokens: npt.NDArray[np.int64]
    song: str
    start: int
    transpose: int = 0


def serialize(window: Window) -> bytes:
    """Serializes a window as a tf.train.Example; equal windows give equal bytes."""
    example = _EXAMPLE()
    feature = example.features.feature
    feature["tokens"].int64_list.value.extend(window.tokens.tolist())
    feature["song"].bytes_list.value.append(window.song.encode())
    feature["start"].int64_list.value.append(window.start)
    feature["transpose"].int64_list.value.append(window.transpose)
    data: bytes = example.SerializeToString(deterministic=True)
    return data


def parse(data: bytes) -> Window:
    """Reads what `serialize` wrote; raises ValueError on anything else."""
    try:
        feature = _EXAMPLE.FromString(data).features.feature
        return Window(
            np.array(feature["tokens"].int64_list.value, np.int64),
            feature["song"].bytes_list.value[0].decode(),
            feature["start"].int64_list.value[0],
            feature["transpose"].int64_list.value[0],
        )
    except (IndexError, ValueError, message.DecodeError) as error:
        raise ValueError(f"not a window record: {error}") from error


def write(file: IO[bytes], records: Iterable[bytes]) -> int:
    """Frames records as a TFRecord file (length, its checksum, data, its checksum); returns their number."""
    count = 0
    for record in records:
        length = struct.pack("<Q", len(record))
        file.write(b"".join([length, _masked_crc(length), record, _masked_crc(record)]))
        count += 1
    return count


def read(file: IO[bytes]) -> Iterator[bytes]:
    """Yields the records of a TFRecord file; raises ValueError where the file is damaged or cut short."""
    while header := file.read(12):
        if len(header) < 12 or _masked_crc(header[:8]) != header[8:]:
            raise ValueError("damaged TFRecord file: a length does not match its checksum")
        length = struct.unpack("<Q", header[:8])[0]
        body = file.read(length + 4)
        if len(body) < length + 4 or _masked_crc(body[:-4]) != body[-4:]:
            raise ValueError("damaged TFRecord file: a record does not match its checksum")
        yield body[:-4]


def _masked_crc(data: bytes) -> bytes:
    """Computes the checksum of TFRecord files: CRC-32C, rotated right by 15 bits, plus a constant.

    See tensorflow/core/lib/hash/crc32c.h.
    """
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _declare_example() -> Any:
    """Declares tf.train.Example (tensorflow/core/example/{example,feature}.proto), in a pool of its own.

    TensorFlow registers the same names in the default pool, where they may not be declared twice.
    """
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tensorflow", syntax="proto3")

    def declare(name: str, *fields: tuple[str, int, int, str]) -> Any:
        """Adds a message type; a field is (name, label, type, name of its message type or "")."""
        declared = file.message_type.add(name=name)
        for number, (field_name, label, kind, type_name) in enumerate(fields, 1):
            declared.field.add(name=field_name, number=number, label=label, type=kind, type_name=type_name or None)
        return declared

    single, repeated, a_message = field.LABEL_OPTIONAL, field.LABEL_REPEATED, field.TYPE_MESSAGE
    declare("BytesList", ("value", repeated, field.TYPE_BYTES, ""))
    declare("FloatList", ("value", repeated, field.TYPE_FLOAT, ""))
    declare("Int64List", ("value", repeated, field.TYPE_INT64, ""))
    kinds = (("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List"))
    feature = declare("Feature", *((name, single, a_message, f".tensorflow.{kind}") for name, kind in kinds))
    feature.oneof_decl.add(name="kind")
    for declared in feature.field:
        declared.oneof_index = 0
    features = declare("Features", ("feature", repeated, a_message, ".tensorflow.Features.FeatureEntry"))
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=single, type=field.TYPE_STRING)
    entry.field.add(name="value", number=2, label=single, type=a_message, type_name=".tensorflow.Feature")
    declare("Example", ("features", single, a_message, ".tensorflow.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


_EXAMPLE = _declare_example()
