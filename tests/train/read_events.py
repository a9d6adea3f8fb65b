"""Reads a TensorBoard event file with nothing of ours: frames, CRC-32C by table, protobuf by hand.

Prints one JSON object an event; fails on anything that does not fit.
"""
import io
import json
import struct
import sys

from PIL import Image

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frames(data):
    at = 0
    while at < len(data):
        length, length_crc = struct.unpack_from("<QI", data, at)
        assert length_crc == masked_crc32c(data[at:at + 8]), "CRC of the length"
        message = data[at + 12:at + 12 + length]
        assert len(message) == length, "truncated"
        (crc,) = struct.unpack_from("<I", data, at + 12 + length)
        assert crc == masked_crc32c(message), "CRC of the message"
        yield message
        at += length + 16


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(message):
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(message, at)
        elif wire == 1:
            (value,) = struct.unpack_from("<d", message, at)
            at += 8
        elif wire == 2:
            length, at = varint(message, at)
            value = message[at:at + length]
            at += length
        elif wire == 5:
            (value,) = struct.unpack_from("<f", message, at)
            at += 4
        else:
            raise AssertionError(f"wire type {wire}")
        yield number, value


def image(message):
    entry = dict(fields(message))
    picture = Image.open(io.BytesIO(entry[4]))
    assert picture.format == "PNG"
    assert (picture.height, picture.width) == (entry[1], entry[2])
    assert picture.mode == {1: "L", 3: "RGB"}[entry[3]]
    return {"width": entry[2], "height": entry[1], "pixels": list(picture.tobytes())}


def event(message):
    result = {"step": 0}
    for number, value in fields(message):
        if number == 1:
            result["wall_time"] = value
        elif number == 2:
            result["step"] = value
        elif number == 3:
            result["file_version"] = value.decode()
        elif number == 5:
            for summary_field, entry in fields(value):
                assert summary_field == 1
                entry = dict(fields(entry))
                tag = entry[1].decode()
                if 2 in entry:
                    result.setdefault("scalars", {})[tag] = entry[2]
                else:
                    result.setdefault("images", {})[tag] = image(entry[4])
        elif number == 7:
            result["session_status"] = dict(fields(value))[1]
        else:
            raise AssertionError(f"field {number}")
    return result


with open(sys.argv[1], "rb") as file:
    for frame in frames(file.read()):
        print(json.dumps(event(frame)))
