"""Turns each file that the command writes into lines of text that can be compared and read.

Text stays as it is. A binary file becomes JSON: what its header says, the SHA-256 of its values, and a few
statistics of them, so that a difference can be read and so that another machine's file can be held
to the same numbers within a tolerance.
"""
import hashlib
import io
import json
import re
import struct

import numpy
from PIL import Image

SAFETENSORS_TYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}
REPORT_DATA = re.compile(rb'(<script type="application/json" id="report-data">)(.*?)(</script>)', re.S)


def sha256(content):
    """In capitals, by which the rules tell it from a hash that the command has written."""
    return hashlib.sha256(content).hexdigest().upper()


def statistics(values):
    """The root mean square, and mean, least and greatest value in units of it: numbers of the size of 1,
    for which a relative tolerance makes sense."""
    flat = numpy.asarray(values, dtype=numpy.float64).ravel()
    flat = flat[numpy.isfinite(flat)]
    rms = float(numpy.sqrt(numpy.mean(flat ** 2))) if flat.size else 0.0
    unit = rms if rms > 0 else 1.0
    shape = [float(f(flat)) / unit if flat.size else 0.0 for f in (numpy.mean, numpy.min, numpy.max)]
    return {"rms": float(f"{rms:.6g}"), "mean, least, greatest by rms": [round(v, 4) for v in shape]}


def tensor(values):
    return {"shape": list(values.shape), "type": str(values.dtype),
            "sha256 of the values": sha256(values.tobytes()), **statistics(values)}


def unfolded(text):
    """Metadata that is JSON in a string becomes the value, as its parts are to be compared one by one."""
    if text[:1] in "{[":
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text


def safetensors(content):
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__", {})
    data = content[8 + length:]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], SAFETENSORS_TYPES[entry["dtype"]])
        tensors[name] = {"offset": begin, **tensor(values.reshape(entry["shape"]))}
    return {"metadata": {key: unfolded(text) for key, text in metadata.items()}, "tensors": tensors}


def npy(content):
    return tensor(numpy.load(io.BytesIO(content)))


def picture(content):
    image = Image.open(io.BytesIO(content))
    values = numpy.asarray(image)
    planes = [values] if values.ndim == 2 else [values[:, :, c] for c in range(values.shape[2])]
    return {"format": image.format, "size": list(image.size), "sha256 of the file": sha256(content),
            "sha256 of the values": sha256(values.tobytes()),
            "mean of each channel": [round(float(plane.mean()), 3) for plane in planes],
            "deviation of each channel": [round(float(plane.std()), 3) for plane in planes]}


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def protobuf_fields(message):
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(message, at)
        elif kind == 2:
            length, at = varint(message, at)
            value, at = message[at:at + length], at + length
        else:
            code, size = {1: ("<d", 8), 5: ("<f", 4)}[kind]
            (value,), at = struct.unpack_from(code, message, at), at + size
        yield key >> 3, value


def tensorboard_value(message):
    entry = dict(protobuf_fields(message))
    if 2 in entry:
        return {"tag": entry[1].decode(), "value": entry[2]}
    return {"tag": entry[1].decode(), "picture": picture(dict(protobuf_fields(entry[4]))[4])}


def tensorboard_events(content):
    """Steps, scalars and pictures, without the time at which each event was written."""
    events, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        event = {}
        for number, value in protobuf_fields(content[at + 12:at + 12 + length]):
            if number == 2:
                event["step"] = value
            elif number == 3:
                event["file_version"] = value.decode()
            elif number == 5:
                event["summary"] = [tensorboard_value(v) for _, v in protobuf_fields(value)]
            elif number != 1:  # the time
                event[f"field {number}"] = repr(value)
        events.append(event)
        at += length + 16
    return events


ONE_LINE = 320  # characters: room for what describes a tensor or a picture
FRACTION = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


def is_plain(value):
    return not isinstance(value, (dict, list)) or not value


def is_shallow(value):
    members = value.values() if isinstance(value, dict) else value
    return all(is_plain(m) or isinstance(m, list) and all(map(is_plain, m)) for m in members)


def line_length(line):
    """In characters, as if fractions always had the same number of digits."""
    return len(FRACTION.sub("0.0123456789012345", line))


def json_lines(value, indent=""):
    """JSON with a line for each member, but one line for plain values, arrays of them, small objects."""
    line = json.dumps(value, ensure_ascii=False)
    if is_plain(value) or isinstance(value, list) and all(map(is_plain, value)) or (
            line_length(line) <= ONE_LINE and is_shallow(value)):
        return [line]
    members = value.items() if isinstance(value, dict) else ((None, v) for v in value)
    lines = ["{" if isinstance(value, dict) else "["]
    for key, member in members:
        first, *rest = json_lines(member, indent + " ")
        name = "" if key is None else json.dumps(key, ensure_ascii=False) + ": "
        lines += [f"{indent} {name}{first}", *rest]
        lines[-1] += ","
    lines[-1] = lines[-1][:-1]
    return lines + [indent + ("}" if isinstance(value, dict) else "]")]


def text_lines(text):
    """Lines in which control characters, and a missing end of the last line, can be seen."""
    lines = text.split("\n")
    lines[-1:] = [lines[-1] + "\\no end of line"] if lines[-1] else []
    return ["".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in line)
            for line in lines]


def page(content):
    """The report's data; its scripts and styles, the same in all pages, by their SHA-256."""
    data = REPORT_DATA.search(content).group(2)
    return {"sha256 without data": sha256(REPORT_DATA.sub(rb"\1\3", content)), "data": json.loads(data)}


def rendition(name, content):
    """The lines that stand for a file called `name`."""
    for ending, render in ((".safetensors", safetensors), (".npy", npy), (".html", page),
                           *((end, picture) for end in (".bmp", ".png", ".jpg", ".pgm"))):
        if name.endswith(ending):
            return json_lines(render(content))
    if "tfevents" in name:
        return json_lines(tensorboard_events(content))
    try:
        return text_lines(content.decode())
    except UnicodeDecodeError:
        return json_lines({"bytes": len(content), "sha256": sha256(content)})
